import type { SigningKeyTimes } from '../../platform/keys/key-ring.ts'

/** What signs tokens: the token service, and the OpenID provider. */
export type SigningKeys = { signingKey(): Promise<SigningKeyTimes> }
