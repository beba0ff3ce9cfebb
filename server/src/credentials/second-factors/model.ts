import type { Origin } from '../../platform/http/app.ts'
import type { Transaction } from '../../platform/sql/database.ts'

/** The second factors of a user. */
export type SecondFactorsHeld = {
  readonly totp: boolean
  readonly passkeys: number
  readonly recoveryCodes: number
}

/** The secret for an authenticator app. */
export type NewTotp = {
  readonly secretBase32: string
  /** `otpauth://totp/…`, for a QR code. */
  readonly uri: string
}

export type Passkey = {
  readonly id: string
  readonly objectId: string
  /** The credential id of the authenticator, as base64url. */
  readonly credentialId: string
  readonly publicKey: Uint8Array
  readonly counter: number
  readonly transports: readonly string[]
  readonly displayName: string
  readonly createdAtMs: number
}

export type NewPasskey = Omit<Passkey, 'id' | 'createdAtMs'>

/**
 * The result of a check of an authenticator app's code. `throttled`: too many wrong codes from unknown senders within an hour. `closed`:
 * too many wrong codes in a row; every code is wrong until an owner, or the user with another second factor, removes the app. `closing`:
 * the checked code was the wrong code that closed the app.
 */
export type CodeCheck = 'verified' | 'wrong' | 'throttled' | 'closing' | 'closed'

/** The sender of a code. `known` is true if the user has signed in from the sender's network or browser before. */
export type CodeSender = { readonly known: boolean; readonly origin: Pick<Origin, 'remoteAddress' | 'userAgent'> }

/** The second factors of users. The secrets of authenticator apps are encrypted, and the recovery codes are hashed. */
export interface SecondFactors {
  of(objectId: string): Promise<SecondFactorsHeld>
  /**
   * Starts the enrolment of an authenticator app, and replaces an unconfirmed app. Returns undefined if the user has a confirmed app. The
   * user must remove this app first.
   */
  enrolTotp(transaction: Transaction, person: TotpHolder): Promise<NewTotp | undefined>
  /** The enrolment that the user has not confirmed yet. */
  findPendingTotp(person: TotpHolder): Promise<NewTotp | undefined>
  /** Confirms the enrolment with a code of the app, and ends every sign-in without a second factor. */
  confirmTotp(transaction: Transaction, objectId: string, code: string): Promise<boolean>
  /** Each code is valid once. [RFC 6238 §5.2] */
  checkTotp(objectId: string, code: string, sender: CodeSender): Promise<CodeCheck>
  /**
   * Uses up a code of the authenticator app, or a recovery code, and returns its authentication methods. A wrong code is counted in the
   * same way as in {@link checkTotp}. The result is `closing` if the wrong code closed the app.
   */
  useCode(objectId: string, code: string, sender: CodeSender): Promise<readonly string[] | 'wrong' | 'closing'>
  removeTotp(transaction: Transaction, objectId: string): Promise<boolean>

  passkeysOf(objectId: string): Promise<readonly Passkey[]>
  findPasskey(credentialId: string): Promise<Passkey | undefined>
  /**
   * Adds a passkey, and ends every sign-in without a second factor. Returns undefined if the credential is registered already, or the user
   * has the maximum number of passkeys.
   */
  addPasskey(transaction: Transaction, passkey: NewPasskey): Promise<Passkey | undefined>
  /**
   * Records a use of the passkey. Returns false if the counter did not increase, because the authenticator may have been copied. [WebAuthn
   * §6.1.1]
   */
  usePasskey(transaction: Transaction, id: string, counter: number): Promise<boolean>
  removePasskey(transaction: Transaction, objectId: string, id: string): Promise<boolean>

  /** Replaces the recovery codes by ten new codes. No other function returns the new codes. */
  newRecoveryCodes(transaction: Transaction, objectId: string): Promise<readonly string[]>
  /** Each recovery code is valid once. */
  useRecoveryCode(objectId: string, code: string): Promise<boolean>
  /** Records a wrong recovery code in the security events of the user. */
  recordWrongRecoveryCode(objectId: string, origin: CodeSender['origin']): Promise<void>
}

export type TotpHolder = {
  readonly objectId: string
  readonly userPrincipalName: string
  /** The issuer that the app shows. */
  readonly issuer: string
}
