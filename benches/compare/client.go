// The Go client of the comparison: the same logout as plexctl's, the way a Go program would be written, with net/http
// and encoding/json. It does the same durable work on a JSON config.
//
// usage: client CONFIG
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

type config struct {
	Default  string                     `json:"default,omitempty"`
	Profiles map[string]json.RawMessage `json:"profiles"`
}

type profile struct {
	Server string `json:"server"`
	Token  string `json:"token"`
}

func main() {
	if err := logout(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func logout(path string) error {
	document, _, err := load(path)
	if err != nil {
		return err
	}
	name := document.Default
	session, err := document.profile(name)
	if err != nil {
		return err
	}
	if session.Token == "" {
		fmt.Fprintln(os.Stderr, "No active session; nothing to do.")
		return nil
	}
	if err := revoke(session); err != nil {
		return err
	}
	if err := remove(path, name, session.Token); err != nil {
		return err
	}
	fmt.Printf("Logged out. Cleared profile %q.\n", name)
	return nil
}

func load(path string) (*config, os.FileInfo, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&^0o600 != 0 {
		return nil, nil, errors.New("the config file is not private")
	}
	bytes, err := io.ReadAll(file)
	if err != nil {
		return nil, nil, err
	}
	var document config
	return &document, info, json.Unmarshal(bytes, &document)
}

func (document *config) profile(name string) (profile, error) {
	var found profile
	raw, ok := document.Profiles[name]
	if !ok {
		return found, nil
	}
	return found, json.Unmarshal(raw, &found)
}

func revoke(session profile) error {
	parts := strings.SplitN(session.Token, "_", 4)
	if len(parts) != 4 {
		return errors.New("not a session token")
	}
	request, err := http.NewRequest(http.MethodDelete, session.Server+"/v1/auth/tokens/"+parts[2], nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+session.Token)
	request.Header.Set("Accept", "application/problem+json, application/json")
	client := http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusNoContent && response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

func remove(path, name, token string) error {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	directory, err := os.Open(filepath.Dir(target))
	if err != nil {
		return err
	}
	defer directory.Close()
	if err := syscall.Flock(int(directory.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	document, info, err := load(target)
	if err != nil {
		return err
	}
	if stored, err := document.profile(name); err != nil || stored.Token != token {
		return err
	}
	delete(document.Profiles, name)
	document.Default = ""
	bytes, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return err
	}
	temp := filepath.Join(filepath.Dir(target), ".client.tmp")
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	if err := file.Chmod(info.Mode().Perm()); err != nil {
		return err
	}
	if _, err := file.Write(append(bytes, '\n')); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Rename(temp, target); err != nil {
		return err
	}
	return directory.Sync()
}
