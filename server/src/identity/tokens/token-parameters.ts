/** The only algorithm of the provider's tokens. */
export const signingAlgorithm = 'RS256'

/** The lifetime of an IdP access token. */
export const accessTokenSeconds = 3600

/** The lifetime of an ID token. */
export const idTokenSeconds = 3600

/** The lifetime of an authorization code. [RFC 6749 §4.1.2] */
export const authorizationCodeSeconds = 300

/** The lifetime of a device code, and the interval of polls. [RFC 8628 §3.2] */
export const deviceCodeSeconds = 600
export const devicePollSeconds = 5

/** A sign-in to a client expires after this time without use. */
export const refreshTokenSeconds = 90 * 24 * 3600

/** The maximum age of a sign-in without a refresh token, or of a single-page application. */
export const shortSignInSeconds = 24 * 3600

/** The tolerated clock difference of two servers on one database: tokens are accepted this long before and after their times. */
export const clockSkewSeconds = 30

/** How long a rotated key still verifies: until the last token that it signed has expired. */
export const retiredKeySeconds = Math.max(accessTokenSeconds, idTokenSeconds) + 2 * clockSkewSeconds

/** The expiry of a credential that does not expire. */
export const neverMs = Date.parse('9999-12-31T23:59:59Z')
