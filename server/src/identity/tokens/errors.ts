type EntraErrorRow = {
  readonly number: number
  readonly status: number
  /** OAuth's error code. [RFC 6749 §5.2] */
  readonly error: string
  /** The text for the client, with the placeholders `{0}` and `{1}`. */
  readonly text: string
}

/** The errors of the provider, with the numbers that clients recognise. [Entra, AADSTS error codes] */
// prettier-ignore
export const entraErrors = {
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
  invalidScope:        { number: 70011,   status: 400, error: 'invalid_scope',             text: "The provided value for the input parameter 'scope' is not valid. The scope must name exactly one resource." },
  scopeNotDefault:     { number: 1002012, status: 400, error: 'invalid_scope',             text: "The provided value for scope {0} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)." },
  unknownResource:     { number: 500011,  status: 400, error: 'invalid_resource',          text: 'The resource principal named {0} was not found in the tenant named {1}. This can happen if the application has not been installed by the administrator of the tenant.' },
  unknownApplication:  { number: 700016,  status: 400, error: 'unauthorized_client',       text: "Application with identifier '{0}' was not found in the directory '{1}'. This can happen if the application has not been installed by the administrator of the tenant. You may have sent your authentication request to the wrong tenant." },
  disabledApplication: { number: 7000112, status: 400, error: 'unauthorized_client',       text: "Application '{0}' is disabled." },
  wrongSecret:         { number: 7000215, status: 401, error: 'invalid_client',            text: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{0}'." },
  expiredSecret:       { number: 7000222, status: 401, error: 'invalid_client',            text: "The provided client secret keys for app '{0}' are expired. Create new keys for your app: az ad sp credential reset --id {0}" },
  malformedAssertion:  { number: 50027,   status: 400, error: 'invalid_request',           text: 'JWT token is invalid or malformed.' },
  assertionOfAnother:  { number: 700021,  status: 401, error: 'invalid_client',            text: "Client assertion application identifier doesn't match 'client_id' parameter." },
  assertionAudience:   { number: 700023,  status: 401, error: 'invalid_client',            text: 'Client assertion audience claim does not match Realm issuer. The audience must be the URL of the token endpoint that receives the assertion.' },
  assertionTime:       { number: 700024,  status: 401, error: 'invalid_client',            text: 'Client assertion is not within its valid time range. Current time: {0}, expiry time of assertion {1}.' },
  assertionSignature:  { number: 700027,  status: 401, error: 'invalid_client',            text: 'Client assertion contains an invalid signature. [Reason - {0}]' },
  federatedIssuer:     { number: 700211,  status: 401, error: 'invalid_client',            text: "No matching federated identity record found for presented assertion issuer '{0}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion." },
  federatedAudience:   { number: 700212,  status: 401, error: 'invalid_client',            text: "No matching federated identity record found for presented assertion audience '{0}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion." },
  federatedSubject:    { number: 700213,  status: 401, error: 'invalid_client',            text: "No matching federated identity record found for presented assertion subject '{0}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion." },
  issuerUnavailable:   { number: 90061,   status: 400, error: 'invalid_request',           text: 'Request to External OIDC endpoint failed.' },
  missingSecret:       { number: 7000216, status: 401, error: 'invalid_client',            text: "'client_secret' is required for the 'client_credentials' grant type." },
  machineRejected:     { number: 700027,  status: 401, error: 'invalid_client',            text: 'The client assertion of the machine is invalid: the assertion is not signed with the key of the machine, has expired, was already used, or is for another server. If the key of the machine was replaced, enroll the machine again.' },
  identityNotFound:    { number: 700016,  status: 400, error: 'unauthorized_client',       text: 'Identity not found: the machine does not have the requested identity.' },
  wrongEnrollmentCode: { number: 7000215, status: 401, error: 'invalid_client',            text: 'The enrollment code is invalid: the code is wrong, was already used, or is older than 15 minutes.' },
  invalidCode:         { number: 70000,   status: 400, error: 'invalid_grant',             text: "The provided value for the '{0}' parameter is not valid." },
  expiredCode:         { number: 70008,   status: 400, error: 'invalid_grant',             text: 'The provided authorization code or refresh token has expired. Send a new interactive authorization request for this user and resource.' },
  redeemedCode:        { number: 54005,   status: 400, error: 'invalid_grant',             text: 'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.' },
  codeOfAnother:       { number: 700005,  status: 400, error: 'invalid_grant',             text: 'The provided code or refresh token is intended for use by another client or tenant.' },
  redirectMismatch:    { number: 500112,  status: 400, error: 'invalid_grant',             text: 'The reply address does not match the reply address provided when requesting the authorization code.' },
  wrongVerifier:       { number: 501481,  status: 400, error: 'invalid_grant',             text: 'The Code_Verifier does not match the code_challenge supplied in the authorization request.' },
  unknownRedirect:     { number: 50011,   status: 400, error: 'invalid_request',           text: "The redirect URI '{0}' specified in the request does not match the redirect URIs configured for the application '{1}'. Make sure the redirect URI sent in the request matches one added to your application." },
  credentialRequired:  { number: 7000218, status: 401, error: 'invalid_client',            text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'." },
  pageOnly:            { number: 9002327, status: 400, error: 'invalid_request',           text: "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests." },
  anotherResource:     { number: 65001,   status: 400, error: 'invalid_grant',             text: "The user has not consented to use the application with ID '{0}' for this resource. Send an interactive authorization request for this user and resource." },
  inactive:            { number: 700082,  status: 400, error: 'invalid_grant',             text: 'The refresh token has expired due to inactivity. Sign in again.' },
  tooOld:              { number: 70043,   status: 400, error: 'invalid_grant',             text: 'The refresh token has expired: the session is older than this organization allows. Sign in again.' },
  reusedRefreshToken:  { number: 50173,   status: 400, error: 'invalid_grant',             text: 'The refresh token was already used, so the session was revoked: someone else may have a copy of the refresh token. Sign in again.' },
  revoked:             { number: 50173,   status: 400, error: 'invalid_grant',             text: 'The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password, or signed out.' },
  disabledUser:        { number: 50057,   status: 400, error: 'invalid_grant',             text: 'The user account is disabled. The account has been disabled by an administrator.' },
  wrongPassword:       { number: 50126,   status: 400, error: 'invalid_grant',             text: 'Error validating credentials due to invalid username or password.' },
  oldPassword:         { number: 50055,   status: 400, error: 'invalid_grant',             text: 'The password is expired. Sign in with a browser to change the password.' },
  secondFactorNeeded:  { number: 50076,   status: 400, error: 'invalid_grant',             text: 'You must use multi-factor authentication to sign in. Sign in with a browser or a device code.' },
  enrolmentNeeded:     { number: 50079,   status: 400, error: 'invalid_grant',             text: 'You must set up a second factor to sign in. Sign in with a browser or a device code.' },
  invalidToken:        { number: 500133,  status: 401, error: 'invalid_token',             text: 'The access token is missing, invalid or expired.' },
  pending:             { number: 70016,   status: 400, error: 'authorization_pending',     text: 'OAuth 2.0 device flow error. Authorization is pending. Continue polling.' },
  slowDown:            { number: 70016,   status: 400, error: 'slow_down',                 text: 'OAuth 2.0 device flow error. Authorization is pending. Poll less often: wait five seconds more between requests.' },
  declined:            { number: 65004,   status: 400, error: 'authorization_declined',    text: 'User declined to let the device sign in.' },
  badDeviceCode:       { number: 70018,   status: 400, error: 'bad_verification_code',     text: 'The device code is unknown.' },
  expiredDeviceCode:   { number: 70020,   status: 400, error: 'expired_token',             text: 'The device code has expired. Request a new code.' },
  tooManyDeviceCodes:  { number: 90055,   status: 429, error: 'temporarily_unavailable',   text: 'Too many device codes were requested from this address. Try again later.' },
  tooManyPasswords:    { number: 90055,   status: 429, error: 'temporarily_unavailable',   text: 'Too many password sign-ins are in progress. Try again later.' },
  tooManyRejections:   { number: 90055,   status: 429, error: 'temporarily_unavailable',   text: 'Too many requests from this address were denied. Try again later.' },
  wrongMethod:         { number: 900561,  status: 405, error: 'invalid_request',           text: 'The endpoint only accepts {0} requests.' },
  notFound:            { number: 9002313, status: 404, error: 'invalid_request',           text: 'There is no endpoint at this path.' },
  diskFull:            { number: 90033,   status: 507, error: 'temporarily_unavailable',   text: 'A transient error has occurred. {0}' },
  databaseBusy:        { number: 90033,   status: 503, error: 'temporarily_unavailable',   text: 'A transient error has occurred. {0}' },
  internal:            { number: 90033,   status: 500, error: 'server_error',              text: 'A transient error has occurred. Please try again.' },
} as const satisfies Record<string, EntraErrorRow>

export type EntraErrorKind = keyof typeof entraErrors

/** An error of the provider. The message is for the client. */
export class EntraError extends Error {
  override readonly name = 'EntraError'
  readonly kind: EntraErrorKind
  readonly number: number
  readonly status: number
  readonly error: string
  /** When the client may try again. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    kind: EntraErrorKind,
    parameters: readonly string[] = [],
    options?: ErrorOptions & { readonly retryAfterSeconds?: number },
  ) {
    const row: EntraErrorRow = entraErrors[kind]
    super(`AADSTS${row.number}: ${fill(row.text, parameters)}`, options)
    this.kind = kind
    this.number = row.number
    this.status = row.status
    this.error = row.error
    this.retryAfterSeconds = options?.retryAfterSeconds
  }
}

/** The body of an error response. [Entra, error response of the client credentials flow] */
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

const maxEchoLength = 128

/** Inserts values of the request, cut and with printable characters only: az prints them to a terminal. */
function fill(text: string, parameters: readonly string[]): string {
  return text.replaceAll(/\{(\d)\}/g, (_place, index: string) =>
    (parameters[Number(index)] ?? '').slice(0, maxEchoLength).replaceAll(/[^ -~]/g, '?'),
  )
}
