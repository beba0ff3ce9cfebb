import { isPlainLine } from '../http/plain-text.ts'

/** The key of a name. Names that differ only in spelling have the same key. */
export function nameKey(name: string): string {
  return name.toLowerCase()
}

/** Whether a text is a valid name: 1 to 256 characters, without controls, line ends or lone surrogates. */
export function isName(text: string): boolean {
  return (
    text.length >= 1 && text.length <= 256 && text.isWellFormed() && isPlainLine(text) && !/[\u2028\u2029]/.test(text)
  )
}

/** The mark in the names of users from other identity providers. No local user has it in the name. [Entra, guest users] */
export const externalNameMark = '#EXT#'

const userPrincipalNamePattern = /^[A-Za-z0-9'._!#$^~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/

/** Whether a text is a valid name of a local user. [Microsoft Graph, user.userPrincipalName] */
export function isUserPrincipalName(text: string): boolean {
  return isName(text) && userPrincipalNamePattern.test(text) && !nameKey(text).includes(nameKey(externalNameMark))
}
