import { cutText } from '@acrux/shared/standards/http/cut-text.ts'
import {
  type DecisionRecord,
  type Principal,
  type RightInQuestion,
  everyRight,
  failedBefore,
  recordDecision,
  withinLimit,
} from '../../authorization/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { RevisionCache } from '../../platform/memory/revision-cache.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { Registry } from '../../resources/index.ts'
import { type AccessScope, covers, formatAccessScope } from '@acrux/shared/standards/oauth/access-scope.ts'
import {
  type Credential,
  type StandingContext,
  callerKey,
  acceptsArmTokens,
  stillAcceptsWorkload,
} from '../tokens/credential.ts'

/** An authenticated caller whose request was denied. */
export type DeniedCaller = {
  readonly registry: Registry
  readonly principal: Principal
  readonly credential: Credential
  /** The access of the token that the caller sent; undefined without a token. */
  readonly tokenAccess: readonly AccessScope[] | undefined
}

/** The requested access that was not granted, and the decision about the first part of it. Empty if all was granted. */
export type LeftOut = { readonly leftOut?: readonly string[]; readonly decision?: DecisionRecord | undefined }

/** Explains denials to authenticated callers, for the decision log. Called only on denial. */
export interface DenialExplanations {
  /** Explains the first of these actions that the caller may not carry out; undefined if all are allowed by now. */
  explainActions(caller: DeniedCaller, wanted: AccessScope): Promise<DecisionRecord | undefined>
  /** Explains a token with less access than requested. */
  explainSmallerToken(
    caller: DeniedCaller,
    asked: readonly AccessScope[],
    given: readonly AccessScope[],
  ): Promise<LeftOut>
  /** Explains the denial to a principal without any role on a registry. */
  explainNoRole(principal: Principal, registry: Registry): Promise<DecisionRecord>
  /** Explains why a credential is no longer valid. */
  explainCredential(registry: Registry, credential: Credential): Promise<DecisionRecord>
}

/** How many explanations are cached: clients retry, and an explanation takes 65 to 240 µs. Each denial is decided again. */
const maxCachedDecisions = 1000

/** How many characters of a token's access and of the missing access are recorded. */
const maxTokenAccessLength = 500
const maxLeftOutLength = 1000

/** The meaning of `*` on a repository. */
const everyAction = everyRight.filter((right) => !['untag', 'catalog', 'deleted_catalog'].includes(right))

/** The decision by the rights alone, regardless of the token. `record` explains a denial. */
type Decision = { readonly allowed: boolean; readonly record: DecisionRecord }

type DenialContext = StandingContext & { readonly database: Database; readonly clock: Clock }

/** Creates the explanations. */
export function createDenialExplanations(context: DenialContext): DenialExplanations {
  const { access, database, clock } = context
  const cached = new RevisionCache<Decision>(maxCachedDecisions)

  async function ofRight({ registry, principal, credential }: DeniedCaller, asked: RightInQuestion): Promise<Decision> {
    const revision = await database.authorityRevision()
    const key = `${callerKey(credential)} ${registry.rid} ${asked.right} ${asked.repository ?? ''}`
    const known = cached.get(revision, key, clock.now())
    if (known !== undefined) return known
    const explanation = await access.explain(principal, registry, asked)
    const decision = { allowed: explanation.allowed, record: recordDecision(explanation, registry, asked) }
    cached.set(revision, key, decision, Infinity)
    return decision
  }

  /** The decision about one action, if it is a denial. */
  async function explainAction(
    caller: DeniedCaller,
    type: string,
    name: string,
    action: string,
  ): Promise<DecisionRecord | undefined> {
    const { tokenAccess } = caller
    const asked = rightOf(type, name, action)
    if (!everyRight.includes(asked.right)) return failedBefore('unknown-action', null)
    const decision = await ofRight(caller, asked)
    const shown = tokenAccess === undefined ? null : cutText(formatAll(tokenAccess), maxTokenAccessLength, '…')
    const record: DecisionRecord = { ...decision.record, tokenAccess: shown }
    if (!decision.allowed) return record
    if (tokenAccess === undefined || covers(tokenAccess, type, name, [action])) return undefined
    const change = { kind: 'get-new-token', access: formatAccessScope({ type, name, actions: [action] }) } as const
    return { ...record, firstFailure: 'token-lacks-access', smallestChange: change }
  }

  async function explainActions(
    caller: DeniedCaller,
    { type, name, actions }: AccessScope,
  ): Promise<DecisionRecord | undefined> {
    for (const action of actions) {
      const record = await explainAction(caller, type, name, action)
      if (record !== undefined) return record
    }
    return undefined
  }

  return {
    explainActions,
    explainSmallerToken: async (caller, asked, given) => {
      const missing = asked.flatMap(({ type, name, actions }) => {
        const wanted = type === 'repository' && actions.includes('*') ? everyAction : actions
        const left = wanted.filter((action) => !covers(given, type, name, [action]))
        return left.length === 0 ? [] : [{ type, name, actions: left }]
      })
      const [first] = missing
      if (first === undefined) return {}
      const leftOut = withinLimit(missing.map(formatAccessScope), maxLeftOutLength)
      return { leftOut, decision: await explainActions(caller, first) }
    },
    explainNoRole: async (principal, registry) => {
      const pull = { right: 'pull', repository: undefined }
      return { ...recordDecision(await access.explain(principal, registry, pull), registry, pull), asked: null }
    },
    explainCredential: async (registry, credential) => {
      const [failure, change] = await failureOfCredential(context, registry, credential)
      return failedBefore(failure, { kind: change })
    },
  }
}

function rightOf(type: string, name: string, action: string): RightInQuestion {
  return type === 'repository' ? { right: action, repository: name } : { right: name, repository: undefined }
}

/** The check of a credential that fails, and the change that fixes it. */
async function failureOfCredential(
  { access, directory, resources }: StandingContext,
  registry: Registry,
  credential: Credential,
): Promise<
  [string, 'sign-in-again' | 'enable-admin-account' | 'enable-scoped-token' | 'enable-principal' | 'sign-in']
> {
  switch (credential.kind) {
    case 'anonymous':
      return ['anonymous-pull-is-off', 'sign-in']
    case 'admin':
      return registry.adminUserEnabled
        ? ['password-is-withdrawn', 'sign-in-again']
        : ['admin-account-is-off', 'enable-admin-account']
    case 'scoped-token': {
      const token = await access.scopedTokens.find(registry.rid, credential.name)
      if (token?.id !== credential.password.tokenId) return ['scoped-token-is-gone', 'sign-in-again']
      return token.enabled ? ['password-is-withdrawn', 'sign-in-again'] : ['scoped-token-is-off', 'enable-scoped-token']
    }
    case 'directory': {
      if (credential.byArmToken === true && !acceptsArmTokens(registry))
        return ['arm-tokens-are-refused', 'sign-in-again']
      if (!stillAcceptsWorkload(resources, registry, credential.workloadAudience))
        return ['audience-is-not-accepted', 'sign-in-again']
      return failureOfPrincipal(directory, credential.objectId)
    }
  }
}

/** Why a credential of a principal of the directory is not valid, and the change that fixes it. */
export async function failureOfPrincipal(
  directory: Pick<Directory, 'findPrincipal'>,
  objectId: string,
): Promise<[string, 'sign-in-again' | 'enable-principal']> {
  const found = await directory.findPrincipal(objectId)
  if (found === undefined) return ['principal-is-gone', 'sign-in-again']
  return found.kind !== 'group' && !found.enabled
    ? ['principal-is-disabled', 'enable-principal']
    : ['credential-is-withdrawn', 'sign-in-again']
}

function formatAll(access: readonly AccessScope[]): string {
  return access.map(formatAccessScope).join(' ')
}
