type EntraErrorRow = {
  readonly number: number
  readonly status: number
  /** OAuth's error code. [RFC 6749 §5.2] */
  readonly error: string
  /** What the client is told; `{0}` and `{1}` are filled in. */
  readonly text: string
}

/** Every refusal of the provider, with the numbers that clients look for. [Entra, AADSTS error codes] */
// prettier-ignore
const entraErrors = {
  malformed:           { number: 9002313, status: 400, error: 'invalid_request',           text: 'Invalid request. Request is malformed or invalid.' },
  duplicated:          { number: 9000411, status: 400, error: 'invalid_request',           text: "The request is not properly formatted. The parameter '{0}' is duplicated." },
  parameterInUrl:      { number: 900144,  status: 400, error: 'invalid_request',           text: "The parameter '{0}' must be sent in the request body, and not in the URL." },
  missingParameter:    { number: 900144,  status: 400, error: 'invalid_request',           text: "The request body must contain the following parameter: '{0}'." },
  missingScope:        { number: 90014,   status: 400, error: 'invalid_request',           text: "The required field '{0}' is missing from the credential. Ensure that you have all the necessary parameters for the login request." },
  resourceWithV2:      { number: 901002,  status: 400, error: 'invalid_request',           text: "The 'resource' request parameter is not supported." },
  noTenant:            { number: 50059,   status: 400, error: 'invalid_request',           text: 'No tenant-identifying information found in either the request or implied by any provided credentials.' },
  unknownTenant:       { number: 90002,   status: 400, error: 'invalid_tenant',            text: "Tenant '{0}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud." },
  unsupportedGrant:    { number: 70003,   status: 400, error: 'unsupported_grant_type',    text: "The app requested an unsupported grant type '{0}'." },
  unsupportedResponse: { number: 70005,   status: 400, error: 'unsupported_response_type', text: "The provided value for the input parameter 'response_type' is not supported here." },
  invalidScope:        { number: 70011,   status: 400, error: 'invalid_scope',             text: "The provided value for the input parameter 'scope' is not valid. It must name exactly one resource." },
  scopeNotDefault:     { number: 1002012, status: 400, error: 'invalid_scope',             text: "The provided value for scope {0} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)." },
  unknownResource:     { number: 500011,  status: 400, error: 'invalid_resource',          text: 'The resource principal named {0} was not found in the tenant named {1}. This can happen if the application has not been installed by the administrator of the tenant.' },
  unknownApplication:  { number: 700016,  status: 400, error: 'unauthorized_client',       text: "Application with identifier '{0}' was not found in the directory '{1}'. This can happen if the application has not been installed by the administrator of the tenant. You may have sent your authentication request to the wrong tenant." },
  disabledApplication: { number: 7000112, status: 400, error: 'unauthorized_client',       text: "Application '{0}' is disabled." },
  wrongSecret:         { number: 7000215, status: 401, error: 'invalid_client',            text: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{0}'." },
  expiredSecret:       { number: 7000222, status: 401, error: 'invalid_client',            text: "The provided client secret keys for app '{0}' are expired. Create new keys for your app: az ad sp credential reset --id {0}" },
  missingSecret:       { number: 7000216, status: 401, error: 'invalid_client',            text: "'client_secret' is required for the 'client_credentials' grant type." },
  machineRefused:      { number: 700027,  status: 401, error: 'invalid_client',            text: 'The client assertion of the machine is not accepted: it is not signed with the key that the machine was enrolled with, or too old, or made for another server. Enroll the machine anew if its key was replaced.' },
  identityNotFound:    { number: 700016,  status: 400, error: 'unauthorized_client',       text: 'Identity not found: the machine has no such identity.' },
  wrongEnrollmentCode: { number: 7000215, status: 401, error: 'invalid_client',            text: 'The code is none that a machine can be enrolled with: it is wrong, was used, or is older than 15 minutes.' },
  tooManyRefusals:     { number: 90055,   status: 429, error: 'temporarily_unavailable',   text: 'There are too many incoming requests that had to be refused. Try again later.' },
  wrongMethod:         { number: 900561,  status: 405, error: 'invalid_request',           text: 'The endpoint only accepts {0} requests.' },
  notFound:            { number: 9002313, status: 404, error: 'invalid_request',           text: 'Nothing is served at this path.' },
  internal:            { number: 90033,   status: 500, error: 'server_error',              text: 'A transient error has occurred. Please try again.' },
} as const satisfies Record<string, EntraErrorRow>

export type EntraErrorKind = keyof typeof entraErrors

/** A refusal of the provider; the message is for the client. */
export class EntraError extends Error {
  override readonly name = 'EntraError'
  readonly kind: EntraErrorKind
  readonly number: number
  readonly status: number
  readonly error: string

  constructor(kind: EntraErrorKind, parameters: readonly string[] = [], options?: ErrorOptions) {
    const row: EntraErrorRow = entraErrors[kind]
    super(`AADSTS${row.number}: ${fill(row.text, parameters)}`, options)
    this.kind = kind
    this.number = row.number
    this.status = row.status
    this.error = row.error
  }
}

/** The body of a refusal. [Entra, error response of the client credentials flow] */
export function entraErrorBody(error: EntraError, traceId: string, correlationId: string, nowMs: number) {
  const timestamp = new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ').concat('Z')
  return {
    error: error.error,
    error_description: `${error.message}\r\nTrace ID: ${traceId}\r\nCorrelation ID: ${correlationId}\r\nTimestamp: ${timestamp}`,
    error_codes: [error.number],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
  }
}

const longestEcho = 128

/** What a client sent is repeated in part only, and only in printable characters: az prints it to a terminal. */
function fill(text: string, parameters: readonly string[]): string {
  return text.replaceAll(/\{(\d)\}/g, (_place, index: string) =>
    (parameters[Number(index)] ?? '').slice(0, longestEcho).replaceAll(/[^ -~]/g, '?'),
  )
}
