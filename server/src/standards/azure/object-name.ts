/** Whoever is given the name in this spelling is the one that another spelling means. */
export function nameKey(name: string): string {
  return name.toLowerCase()
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const controlCharacters = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/

/** Whether a text may be stored and shown as a name: 1 to 256 characters, none of them a control character or half of one. */
export function isName(text: string): boolean {
  return text.length >= 1 && text.length <= 256 && text.isWellFormed() && !controlCharacters.test(text)
}

/** What follows the name of people whom another provider proves. No user of ours has such a name. [Entra, guest users] */
export const externalNameMark = '#EXT#'

const userPrincipalNamePattern = /^[A-Za-z0-9'._!#^~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/

/** Whether a text may be the name of a user of ours. [Microsoft Graph, user.userPrincipalName] */
export function isUserPrincipalName(text: string): boolean {
  return isName(text) && userPrincipalNamePattern.test(text) && !nameKey(text).includes(nameKey(externalNameMark))
}
