import type { SigningKeyTimes } from '../../platform/keys/key-ring.ts'

/** The modules that sign tokens: the token service and the OpenID provider. */
export type SigningKeys = { signingKey(): Promise<SigningKeyTimes> }
