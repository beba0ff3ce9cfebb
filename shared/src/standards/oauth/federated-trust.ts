/** A claim and its required value. */
export type ClaimEquality = { readonly claim: string; readonly value: string }

/** The tokens of an issuer that a federated credential trusts. */
export type FederatedTrust =
  | { readonly kind: 'subject'; readonly subject: string }
  /** All of them are required. */
  | { readonly kind: 'claims'; readonly equalities: readonly ClaimEquality[] }

/** The subject and the claims of a token of an external issuer. Claims that are not text are ignored. */
export type ExternalClaims = { readonly subject: string; readonly claim: (name: string) => string | undefined }

/**
 * Claims that identify a workload. A trust without any of them would accept every workload of the issuer: every repository
 * on GitHub can have a branch `main`.
 */
const identifyingClaims = ['sub', 'repository_id', 'repository_owner_id', 'project_id', 'namespace_id'] as const

const unprintable = /[\p{Cc}\u2028\u2029]/u
const maxEqualities = 8
const maxExpressionLength = 4096

/** The maximum length of a subject, and of the value of a claim. [Microsoft Graph, federatedIdentityCredential] */
export const maxTrustTextLength = 600

const termPattern = /claims\['(?<claim>[A-Za-z_][A-Za-z0-9_]{0,63})'\] +eq +'(?<value>(?:[^']|'')*)'/y
const conjunction = / +and +/y

/**
 * Parses `claims['repository_id'] eq '1' and claims['environment'] eq 'production'`: up to eight claims, each with one
 * value, and at least one that identifies the workload. Patterns are not supported, since an attacker could match one.
 * [Microsoft Graph, federatedIdentityExpression, language version 1]
 *
 * Undefined for anything else.
 */
export function parseClaimsExpression(expression: string): readonly ClaimEquality[] | undefined {
  if (expression.length > maxExpressionLength) return undefined
  const equalities: ClaimEquality[] = []
  let at = 0
  while (at < expression.length) {
    if (equalities.length > 0) {
      conjunction.lastIndex = at
      if (conjunction.exec(expression) === null || equalities.length === maxEqualities) return undefined
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

/** The canonical expression of these claims. */
export function formatClaimsExpression(equalities: readonly ClaimEquality[]): string {
  return equalities.map(({ claim, value }) => `claims['${claim}'] eq '${value.replaceAll("'", "''")}'`).join(' and ')
}

/** Whether a text is a valid subject or value of a claim. */
export function isTrustText(text: string): boolean {
  return text !== '' && text.length <= maxTrustTextLength && text.isWellFormed() && !unprintable.test(text)
}

/** Whether a token is trusted. Values are compared exactly, including case. */
export function trusts(trust: FederatedTrust, { subject, claim }: ExternalClaims): boolean {
  switch (trust.kind) {
    case 'subject':
      return trust.subject === subject
    case 'claims':
      return trust.equalities.every((wanted) => claim(wanted.claim) === wanted.value)
  }
}

/**
 * Whether both can trust the same token: false only if they require different values of the same claim. A subject and a
 * `repository_id` can match the same token, since only the issuer knows the subject of a repository.
 */
export function mayMatchSameToken(one: FederatedTrust, other: FederatedTrust): boolean {
  const values = new Map(equalitiesOf(one).map(({ claim, value }) => [claim, value]))
  return equalitiesOf(other).every(({ claim, value }) => (values.get(claim) ?? value) === value)
}

function equalitiesOf(trust: FederatedTrust): readonly ClaimEquality[] {
  return trust.kind === 'claims' ? trust.equalities : [{ claim: 'sub', value: trust.subject }]
}

/** The lookup key of a trust. It begins with the claim, which contains no `=`, so two claims never share a key. */
export function trustKey(trust: FederatedTrust): string {
  if (trust.kind === 'subject') return `sub=${trust.subject}`
  const { claim, value } = identifying(trust.equalities)
  return `${claim}=${value}`
}

/** The lookup keys of every trust that could match this token. */
export function trustKeysOf({ subject, claim }: ExternalClaims): string[] {
  return identifyingClaims.flatMap((name) => {
    const value = name === 'sub' ? subject : claim(name)
    return value === undefined ? [] : [`${name}=${value}`]
  })
}

/** The canonical text of a trust, which is unique. */
export function trustText(trust: FederatedTrust): string {
  return trust.kind === 'subject' ? `sub=${trust.subject}` : `claims=${formatClaimsExpression(trust.equalities)}`
}

const namesGitHub = /^https:\/\/token\.actions\.githubusercontent\.com(?:\/|$)/
const subjectOfNames = /^repo:[^@]+$/
const subjectOfPath = /^project_path:/

/**
 * The warning for a subject that is made of names: anyone who later takes the name of an abandoned repository has its
 * subject too. [Astrix, "Sub:jugation"]
 */
export function trustHint(issuer: string, trust: FederatedTrust): string | undefined {
  if (trust.kind !== 'subject') return undefined
  if (namesGitHub.test(issuer) && subjectOfNames.test(trust.subject)) {
    return "The subject contains names, which another owner can register later. Trust immutable ids instead: set claimsMatchingExpression to {\"value\": \"claims['repository_id'] eq 'ID' and claims['ref'] eq 'refs/heads/main'\", \"languageVersion\": 1} and omit the subject."
  }
  if (subjectOfPath.test(trust.subject)) {
    return "The subject contains names, which another owner can register later. Trust immutable ids instead: set claimsMatchingExpression to {\"value\": \"claims['project_id'] eq 'ID' and claims['ref'] eq 'main'\", \"languageVersion\": 1} and omit the subject."
  }
  return undefined
}

function identifying(equalities: readonly ClaimEquality[]): ClaimEquality {
  for (const name of identifyingClaims) {
    const found = equalities.find(({ claim }) => claim === name)
    if (found !== undefined) return found
  }
  throw new Error('a claims expression requires a claim that identifies the caller')
}
