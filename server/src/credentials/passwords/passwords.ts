import { createStrengthEstimator } from './password-strength.ts'
import {
  hashGeneratedPassword,
  hashPassword,
  maxPasswordBytes,
  verifyPassword,
} from '../../platform/keys/password-hash.ts'

/** Why a password is rejected. */
export type PasswordRejection = 'too-short' | 'too-long' | 'like-user-name' | 'too-common' | 'same-as-before'

/** An accepted password in its stored form. */
export type PreparedPassword = { readonly passwordHash: string }

/** The chosen password is rejected. */
export class WeakPasswordError extends Error {
  override readonly name = 'WeakPasswordError'
  readonly rejection: PasswordRejection
  constructor(rejection: PasswordRejection) {
    super(`the password is rejected: ${rejection}`)
    this.rejection = rejection
  }
}

/** In characters. [NIST SP 800-63B §3.1.1] */
const minPasswordLength = 10

/**
 * The words of the most common passwords, without digits and symbols. Of at least ten characters, nearly all of the passwords
 * that are tried first are one of these words and a year.
 */
const commonWords = new Set(
  `password passwort passwd passphrase pass welcome willkommen letmein qwerty qwertz azerty admin administrator root
   iloveyou monkey dragon football baseball basketball soccer hockey changeme changeit acrux registry docker container
   azure secret topsecret summer winter autumn spring hello helloworld default test testing tester user username login
   master princess sunshine trustno superman batman starwars shadow michael jessica computer internet guest temp
   temporary qwertyuiop asdfghjkl zxcvbnm qwertyasdf asdfasdf abc abcd abcdef abcdefgh abcdefghij whatever freedom
   killer hunter charlie jordan thomas robert daniel andrew ginger pepper cookie cheese banana purple orange pokemon
   minecraft google facebook microsoft windows samsung company business office developer kubernetes production staging
   correcthorsebatterystaple`.split(/\s+/),
)

const commonWalks = new Set(
  `1qaz2wsx3edc 1qaz2wsx3edc4rfv 1q2w3e4r5t 1q2w3e4r5t6y q1w2e3r4t5 q1w2e3r4t5y6 zaq12wsxcde3 zaq1xsw2cde3 qazwsxedcrfv
   1a2b3c4d5e a1b2c3d4e5 1234qwerasdf qwer1234asdf 1234567890 0123456789 0987654321 9876543210 1357924680 1029384756
   qwertyuiop[] !@#$%^&*() asdfghjkl; zxcvbnm,./ abc123abc123 123abc456def`.split(/\s+/),
)

/** The password of the owner in every emulator. */
const emulatorPassword = 'acrux-emulator-owner'

/** Why the user of this name may not choose a password; undefined if the user may. */
export function passwordRejection(password: string, userPrincipalName: string): PasswordRejection | undefined {
  const text = password.normalize('NFC')
  if (Array.from(text).length < minPasswordLength) return 'too-short'
  if (Buffer.byteLength(text) > maxPasswordBytes) return 'too-long'
  const lower = text.toLowerCase()
  const name = userPrincipalName.toLowerCase()
  const localPart = name.slice(0, name.lastIndexOf('@'))
  const isName = lettersOf(localPart) !== '' && lettersOf(lower) === lettersOf(localPart)
  if (lower === name || isName || isRepetitionOf(lower, localPart)) return 'like-user-name'
  if (new Set(lower).size < 5 || commonWalks.has(lower) || lower === emulatorPassword) return 'too-common'
  return [lettersOf(lower), lettersOf(unmasked(lower))].some(isCommon) ? 'too-common' : undefined
}

/** A password that a user chose. */
export type ChosenPassword = {
  readonly userPrincipalName: string
  readonly password: string
  /** The hash of the present password, which may not be chosen again. */
  readonly current?: string | undefined
  /** Names that guesses would start with: of the tenant, and of the user. */
  readonly names: readonly string[]
}

/** The minimum number of guesses for a password, as a power of ten. A season or a club with a year takes fewer. */
const minGuessesLog10 = 9

const estimate = createStrengthEstimator()

/**
 * Checks and hashes a password that a user chose. It takes long, so it is called before the transaction that stores it.
 *
 * @throws WeakPasswordError; BusyError when too many hashes wait, or the password cannot be checked in time
 */
export async function preparePassword(chosen: ChosenPassword): Promise<PreparedPassword> {
  const { userPrincipalName, password, current = '', names } = chosen
  const rejection = passwordRejection(password, userPrincipalName)
  if (rejection !== undefined) throw new WeakPasswordError(rejection)
  const words = wordsOf([userPrincipalName, ...names])
  const guessesLog10 = await estimate(password.normalize('NFC'), words, userPrincipalName.toLowerCase())
  if (guessesLog10 < minGuessesLog10) throw new WeakPasswordError('too-common')
  if (current !== '' && (await verifyPassword(password, current))) throw new WeakPasswordError('same-as-before')
  return { passwordHash: await hashPassword(password) }
}

/** Names as wholes and by their parts. */
function wordsOf(names: readonly string[]): string[] {
  const parts = names.flatMap((name) => [name, ...name.split(/[^\p{L}\p{N}]+/u)])
  return [...new Set(parts.map((part) => part.toLowerCase()))].filter((part) => part.length > 2)
}

/**
 * The letters of a password, in lower case. A password of digits and symbols has no letters, so only its length is
 * checked.
 */
function isCommon(letters: string): boolean {
  if (letters === '') return false
  if (commonWords.has(letters)) return true
  for (const word of commonWords) if (word.length > 2 && isRepetitionOf(letters, word)) return true
  return false
}

/** Hashes a password that this server generated. It has at least 128 random bits and needs no slow hash. */
export function prepareGeneratedPassword(password: string): PreparedPassword {
  return { passwordHash: hashGeneratedPassword(password) }
}

function lettersOf(text: string): string {
  return text.replace(/[\d\p{P}\p{S}\p{Z}]/gu, '')
}

function isRepetitionOf(text: string, word: string): boolean {
  return word !== '' && text.length % word.length === 0 && text === word.repeat(text.length / word.length)
}

const masks: Readonly<Record<string, string>> = { '@': 'a', '4': 'a', '3': 'e', '1': 'i', '!': 'i', '0': 'o', $: 's' }

/** The letters that "p@ssw0rd" stands for. Symbols at the end stand for none. */
function unmasked(text: string): string {
  const end = text.replace(/[\d\p{P}\p{S}]+$/u, '')
  return end.replace(/[@4310!$]/g, (sign) => masks[sign] ?? sign)
}
