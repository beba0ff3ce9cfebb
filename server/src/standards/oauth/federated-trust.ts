/** A claim, and the one value that it must have. */
export type ClaimEquality = { readonly claim: string; readonly value: string }

/** Whose tokens a federated credential trusts, of all that its issuer signs. */
export type FederatedTrust =
  | { readonly kind: 'subject'; readonly subject: string }
  /** Every one of them must hold. */
  | { readonly kind: 'claims'; readonly equalities: readonly ClaimEquality[] }

/** What a token of an outside issuer says, as far as a trust may ask for it. A claim that is no text is none. */
export type OutsideClaims = { readonly subject: string; readonly claim: (name: string) => string | undefined }

/**
 * Claims that say who somebody is. A trust in none of them would be one in everybody whom the issuer signs for: every
 * repository of GitHub has a branch that is called `main`.
 */
const identifyingClaims = ['sub', 'repository_id', 'repository_owner_id', 'project_id', 'namespace_id'] as const

const unprintable = /[\p{Cc}\u2028\u2029]/u
const mostEqualities = 8
const longestExpression = 4096

/** The longest subject, and the longest value of a claim. [Microsoft Graph, federatedIdentityCredential] */
export const longestTrustText = 600

const termPattern = /claims\['(?<claim>[A-Za-z_][A-Za-z0-9_]{0,63})'\] +eq +'(?<value>(?:[^']|'')*)'/y
const conjunction = / +and +/y

/**
 * Reads `claims['repository_id'] eq '1' and claims['environment'] eq 'production'`: up to eight claims of which each has
 * one value, with at least one that says who it is. Patterns are not taken, since what matches a pattern can be made.
 * [Microsoft Graph, federatedIdentityExpression, language version 1]
 *
 * Undefined for everything else.
 */
export function parseClaimsExpression(expression: string): readonly ClaimEquality[] | undefined {
  if (expression.length > longestExpression) return undefined
  const equalities: ClaimEquality[] = []
  let at = 0
  while (at < expression.length) {
    if (equalities.length > 0) {
      conjunction.lastIndex = at
      if (conjunction.exec(expression) === null || equalities.length === mostEqualities) return undefined
      at = conjunction.lastIndex
    }
    termPattern.lastIndex = at
    const { claim = '', value = '' } = termPattern.exec(expression)?.groups ?? {}
    const text = value.replaceAll("''", "'")
    if (claim === '' || !isTrustText(text)) return undefined
    equalities.push({ claim, value: text })
    at = termPattern.lastIndex
  }
  const claims = equalities.map(({ claim }) => claim)
  const isUsable =
    new Set(claims).size === claims.length && identifyingClaims.some((identifying) => claims.includes(identifying))
  return isUsable ? equalities.toSorted((one, other) => (one.claim < other.claim ? -1 : 1)) : undefined
}

/** The expression of these claims, in one spelling. */
export function formatClaimsExpression(equalities: readonly ClaimEquality[]): string {
  return equalities.map(({ claim, value }) => `claims['${claim}'] eq '${value.replaceAll("'", "''")}'`).join(' and ')
}

/** Whether a text may be a subject or the value of a claim. */
export function isTrustText(text: string): boolean {
  return text !== '' && text.length <= longestTrustText && text.isWellFormed() && !unprintable.test(text)
}

/** Whether a token is one of those that are trusted: to the letter, case and all. */
export function trusts(trust: FederatedTrust, { subject, claim }: OutsideClaims): boolean {
  switch (trust.kind) {
    case 'subject':
      return trust.subject === subject
    case 'claims':
      return trust.equalities.every((wanted) => claim(wanted.claim) === wanted.value)
  }
}

/**
 * Whether one token may be trusted by both: false only where both name a claim, and another value of it each. A subject and
 * a `repository_id` are so too, since who issues the token alone knows which repository has which subject.
 */
export function mayMatchSameToken(one: FederatedTrust, other: FederatedTrust): boolean {
  const values = new Map(equalitiesOf(one).map(({ claim, value }) => [claim, value]))
  return equalitiesOf(other).every(({ claim, value }) => (values.get(claim) ?? value) === value)
}

function equalitiesOf(trust: FederatedTrust): readonly ClaimEquality[] {
  return trust.kind === 'claims' ? trust.equalities : [{ claim: 'sub', value: trust.subject }]
}

/** The text by which a trust is found. Its claim comes first and has no `=` in it, so that no two claims share a text. */
export function trustKey(trust: FederatedTrust): string {
  if (trust.kind === 'subject') return `sub=${trust.subject}`
  const { claim, value } = identifying(trust.equalities)
  return `${claim}=${value}`
}

/** Every text by which a trust in this token could be found. */
export function trustKeysOf({ subject, claim }: OutsideClaims): string[] {
  return identifyingClaims.flatMap((name) => {
    const value = name === 'sub' ? subject : claim(name)
    return value === undefined ? [] : [`${name}=${value}`]
  })
}

/** What tells a trust from every other. */
export function trustText(trust: FederatedTrust): string {
  return trust.kind === 'subject' ? `sub=${trust.subject}` : `claims=${formatClaimsExpression(trust.equalities)}`
}

const namesGitHub = /^https:\/\/token\.actions\.githubusercontent\.com(?:\/|$)/
const subjectOfNames = /^repo:[^@]+$/
const subjectOfPath = /^project_path:/

/**
 * What is to be said of a subject that is made of names: whoever later has the name of a repository that was given up has
 * its subject too. [Astrix, "Sub:jugation"]
 */
export function trustHint(issuer: string, trust: FederatedTrust): string | undefined {
  if (trust.kind !== 'subject') return undefined
  if (namesGitHub.test(issuer) && subjectOfNames.test(trust.subject)) {
    return "The subject consists of names, which someone else can take over later. Trust immutable ids instead: set claimsMatchingExpression to {\"value\": \"claims['repository_id'] eq 'ID' and claims['ref'] eq 'refs/heads/main'\", \"languageVersion\": 1} and omit the subject."
  }
  if (subjectOfPath.test(trust.subject)) {
    return "The subject consists of names, which someone else can take over later. Trust immutable ids instead: set claimsMatchingExpression to {\"value\": \"claims['project_id'] eq 'ID' and claims['ref'] eq 'main'\", \"languageVersion\": 1} and omit the subject."
  }
  return undefined
}

function identifying(equalities: readonly ClaimEquality[]): ClaimEquality {
  for (const name of identifyingClaims) {
    const found = equalities.find(({ claim }) => claim === name)
    if (found !== undefined) return found
  }
  throw new Error('a trust in claims has one that identifies')
}
