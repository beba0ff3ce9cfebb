/** The only algorithm that the provider signs with, and the only one that it verifies. */
export const signingAlgorithm = 'RS256'

/** How long an IdP access token is good for. */
export const accessTokenSeconds = 3600

/** How far the clocks of two servers on one database may be apart. Tokens are taken so much before and after their times. */
export const clockSkewSeconds = 30

/** How long a key that signs no more still verifies: until the last token it can have signed is refused for its age. */
export const retiredKeySeconds = accessTokenSeconds + 2 * clockSkewSeconds
