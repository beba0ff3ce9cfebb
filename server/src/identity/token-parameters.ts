/** The only algorithm that the provider signs with, and the only one that it verifies. */
export const signingAlgorithm = 'RS256'

/** How long an IdP access token is good for. */
export const accessTokenSeconds = 3600

/** How long an id_token is good for. */
export const idTokenSeconds = 3600

/** How long an authorization code may be redeemed. [RFC 6749 §4.1.2] */
export const authorizationCodeSeconds = 300

/** How long a device waits for its person, and how often it may ask meanwhile. [RFC 8628 §3.2] */
export const deviceCodeSeconds = 900
export const devicePollSeconds = 5

/** A person's sign-in to a client ends after so long without use. */
export const refreshTokenSeconds = 90 * 24 * 3600

/** A sign-in whose client wanted no refresh token, or is a page in a browser, ends after so long in any case. */
export const shortSignInSeconds = 24 * 3600

/** How far the clocks of two servers on one database may be apart. Tokens are taken so much before and after their times. */
export const clockSkewSeconds = 30

/** How long a key that signs no more still verifies: until the last token it can have signed is refused for its age. */
export const retiredKeySeconds = Math.max(accessTokenSeconds, idTokenSeconds) + 2 * clockSkewSeconds

/** When a credential ends that has no end of its own. */
export const neverMs = Date.parse('9999-12-31T23:59:59Z')
