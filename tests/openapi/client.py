"""Calls every operation of a control plane with a generated client, for success and for a problem.

Usage: client.py URL PORT APPROVE, where the client is the package `generated`, `APPROVE --port PORT CODE` approves a
login, and the control plane at URL was started with two IdP bindings, `google` and `dex`.

The client raises on a response with an undocumented status and on one that lacks a required member.
"""

import subprocess
import sys
from uuid import UUID

from generated import AuthenticatedClient, Client
from generated.api.auth import (
    delete_auth_session,
    delete_auth_token_by_id,
    get_auth_id_p_bindings,
    get_auth_tokens,
    get_auth_whoami,
    post_auth_device_code,
    post_auth_device_token,
    post_auth_token_rotate,
    post_auth_tokens,
)
from generated.models import (
    APITokenIssueRequest,
    APITokenIssueRequestEnvPrefix,
    APITokenIssueResponse,
    APITokenRotateResponse,
    APITokenSummary,
    DeviceCodeRequest,
    DeviceCodeResponse,
    DeviceTokenRequest,
    DomainIdPBinding,
    GetAuthIdPBindingsScope,
    Problem,
    ServiceTokenResponse,
    Whoami,
)

DOMAIN = UUID("0192f0c1-d0d0-7000-8000-000000000001")
UNKNOWN = UUID("0192f0c1-dead-7000-8000-000000000001")

url, port, approve = sys.argv[1:]
anonymous = Client(base_url=url, raise_on_unexpected_status=True)


def call(operation, status, expected, **arguments):
    """Calls an operation, and returns the body of the response, which must have this status and type."""
    response = operation.sync_detailed(**arguments)
    name = operation.__name__.rpartition(".")[2]
    body = response.parsed
    items = body if isinstance(body, list) else [body]
    if response.status_code != status or not all(isinstance(item, expected) for item in items):
        sys.exit(f"{name}: {response.status_code} instead of {status}: {response.content!r}")
    if expected is Problem and response.headers.get("X-Correlation-Id") != body.correlation_id:
        sys.exit(f"{name}: the header repeats another correlation id: {response.headers}")
    print(f"{name}: {status} {expected.__name__}")
    return body


def log_in():
    """Logs in by alias, and returns a client with the token."""
    body = DeviceCodeRequest(domain_id=DOMAIN, idp_binding_alias="google")
    code = call(post_auth_device_code, 200, DeviceCodeResponse, client=anonymous, body=body)
    poll = DeviceTokenRequest(device_code=code.device_code)
    pending = call(post_auth_device_token, 400, Problem, client=anonymous, body=poll)
    if pending.code != "authorization_pending":
        sys.exit(f"the first poll is {pending.code}")
    subprocess.run([approve, "approve", "--port", port, code.user_code], check=True)
    token = call(post_auth_device_token, 200, ServiceTokenResponse, client=anonymous, body=poll)
    return AuthenticatedClient(base_url=url, token=token.access_token, raise_on_unexpected_status=True)


bindings = call(get_auth_id_p_bindings, 200, DomainIdPBinding, client=anonymous, domain_id=DOMAIN)
if [binding.alias for binding in bindings] != ["google", "dex"]:
    sys.exit(f"other bindings than expected: {bindings}")
call(get_auth_id_p_bindings, 200, DomainIdPBinding, client=anonymous, scope=GetAuthIdPBindingsScope.PLATFORM)
by_id = DeviceCodeRequest(domain_id=DOMAIN, idp_binding_id=bindings[1].id)
call(post_auth_device_code, 200, DeviceCodeResponse, client=anonymous, body=by_id)
for status, body in [
    (400, DeviceCodeRequest(domain_id=DOMAIN)),
    (400, DeviceCodeRequest(idp_binding_id=UNKNOWN)),
    (404, DeviceCodeRequest(domain_id=DOMAIN, idp_binding_id=UNKNOWN)),
    (404, DeviceCodeRequest(domain_id=DOMAIN, idp_binding_alias="unknown")),
]:
    call(post_auth_device_code, status, Problem, client=anonymous, body=body)
unknown_code = DeviceTokenRequest(device_code="unknown")
call(post_auth_device_token, 400, Problem, client=anonymous, body=unknown_code)

client = log_in()
who = call(get_auth_whoami, 200, Whoami, client=client)
own, other = [
    APITokenIssueRequest(identity_ref=f"user:{subject}", env_prefix=APITokenIssueRequestEnvPrefix.STAGE, ttl_seconds=60)
    for subject in (who.subject, UNKNOWN)
]
issued = call(post_auth_tokens, 201, APITokenIssueResponse, client=client, body=own)
call(post_auth_tokens, 400, Problem, client=client, body=other)
rotated = call(post_auth_token_rotate, 200, APITokenRotateResponse, client=client, id=issued.id)
call(post_auth_token_rotate, 404, Problem, client=client, id=UNKNOWN)
listed = {token.id for token in call(get_auth_tokens, 200, APITokenSummary, client=client)}
if issued.id not in listed or rotated.id != issued.id:
    sys.exit(f"token {issued.id} is not listed or has another id once it is rotated: {listed}")
call(delete_auth_token_by_id, 204, type(None), client=client, id=issued.id)
call(delete_auth_token_by_id, 404, Problem, client=client, id=issued.id)
call(delete_auth_session, 204, type(None), client=client)

revoked = AuthenticatedClient(base_url=url, token=rotated.plaintext, raise_on_unexpected_status=True)
call(get_auth_whoami, 401, Problem, client=revoked)
call(get_auth_tokens, 401, Problem, client=revoked)
call(post_auth_tokens, 401, Problem, client=revoked, body=own)
call(post_auth_token_rotate, 401, Problem, client=revoked, id=issued.id)
call(delete_auth_token_by_id, 401, Problem, client=revoked, id=issued.id)
