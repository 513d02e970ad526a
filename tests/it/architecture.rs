//! The arrows between the layers, held against the sources.
