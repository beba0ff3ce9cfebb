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
  /** base64url, as the authenticator made it. */
  readonly credentialId: string
  readonly publicKey: Uint8Array
  readonly counter: number
  readonly transports: readonly string[]
  readonly displayName: string
  readonly createdAtMs: number
}

export type NewPasskey = Omit<Passkey, 'id' | 'createdAtMs'>

/**
 * The result of a check of an authenticator app's code. `throttled`: too many wrong codes from unknown senders within an
 * hour. `closed`: too many wrong codes in a row; every code is wrong until an owner, or the user with another second
 * factor, removes the app. `closing` is the wrong code that closed it.
 */
export type CodeCheck = 'verified' | 'wrong' | 'throttled' | 'closing' | 'closed'

/** The sender of a code. `known`: it uses a network or browser of earlier sign-ins. */
export type CodeSender = { readonly known: boolean; readonly origin: Pick<Origin, 'remoteAddress' | 'userAgent'> }

/** The second factors of users. Secrets of authenticator apps are sealed, recovery codes are hashed. */
export interface SecondFactors {
  of(objectId: string): Promise<SecondFactorsHeld>
  /**
   * Starts the enrolment of an authenticator app in place of an unconfirmed one. Undefined if there is a confirmed app, which
   * must be removed first.
   */
  enrolTotp(transaction: Transaction, person: TotpHolder): Promise<NewTotp | undefined>
  /** The enrolment that is not confirmed yet. */
  findPendingTotp(person: TotpHolder): Promise<NewTotp | undefined>
  /** Confirms the enrolment by a code of the app, and ends every sign-in without a second factor. */
  confirmTotp(transaction: Transaction, objectId: string, code: string): Promise<boolean>
  /** Each code is valid once. [RFC 6238 §5.2] */
  checkTotp(objectId: string, code: string, sender: CodeSender): Promise<CodeCheck>
  /**
   * Uses up a code of the authenticator app, or a recovery code, and returns its authentication methods. A wrong one is
   * counted as in {@link checkTotp}; `closing` is the one that closed the app.
   */
  useCode(objectId: string, code: string, sender: CodeSender): Promise<readonly string[] | 'wrong' | 'closing'>
  removeTotp(transaction: Transaction, objectId: string): Promise<boolean>

  passkeysOf(objectId: string): Promise<readonly Passkey[]>
  findPasskey(credentialId: string): Promise<Passkey | undefined>
  /**
   * Adds a passkey, and ends every sign-in without a second factor. Undefined if the credential is registered already, or the
   * user has the maximum number of passkeys.
   */
  addPasskey(transaction: Transaction, passkey: NewPasskey): Promise<Passkey | undefined>
  /** Records a use. False if the counter did not increase: the authenticator may have been copied. [WebAuthn §6.1.1] */
  usePasskey(transaction: Transaction, id: string, counter: number): Promise<boolean>
  removePasskey(transaction: Transaction, objectId: string, id: string): Promise<boolean>

  /** Replaces the codes by ten new ones, which are returned only here. */
  newRecoveryCodes(transaction: Transaction, objectId: string): Promise<readonly string[]>
  /** Each code is valid once. */
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
