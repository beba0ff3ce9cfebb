import {
  type DecisionRecord,
  type Principal,
  type RightInQuestion,
  everyRight,
  failedBefore,
  recordDecision,
  withinLimit,
} from '../access/index.ts'
import type { Directory } from '../directory/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import { AuthorityMemory } from '../platform/memory/authority-memory.ts'
import type { Database } from '../platform/sql/database.ts'
import type { Registry } from '../resources/index.ts'
import { type AccessScope, covers, formatAccessScope } from '../standards/oauth/access-scope.ts'
import { type Credential, type StandingRooms, callerKey, takesArmTokens } from './credential.ts'

/** Whose rights were asked about, and what they held in their hands. */
export type Holder = {
  readonly registry: Registry
  readonly principal: Principal
  readonly credential: Credential
  /** The access of the token that was sent; undefined where it was none. */
  readonly tokenAccess: readonly AccessScope[] | undefined
}

/** What was asked for and not given, and why that was of the first of it; neither where nothing was. */
export type LeftOut = { readonly leftOut?: readonly string[]; readonly decision?: DecisionRecord | undefined }

/** What is written down of a decision against somebody who proved who they are. It is asked for when they are refused, and never else. */
export interface Decisions {
  /** Of the first of these actions that the holder may not carry out; undefined where none is found any more. */
  ofActions(holder: Holder, wanted: AccessScope): Promise<DecisionRecord | undefined>
  /** Of a smaller token than was asked for. */
  ofSmallerToken(holder: Holder, asked: readonly AccessScope[], given: readonly AccessScope[]): Promise<LeftOut>
  /** Of somebody who has no role at all on a registry. */
  ofNoRole(principal: Principal, registry: Registry): Promise<DecisionRecord>
  /** Of a credential that proved somebody, and stands no more. */
  ofCredential(registry: Registry, credential: Credential): Promise<DecisionRecord>
}

/** How many decisions are kept: clients ask again, and a decision over many assignments takes time. */
const memoryLimit = 1000

/** How many characters of a token's access and of what was left out are written down. */
const tokenAccessLimit = 500
const leftOutLimit = 1000

/** What `*` asks for on a repository. */
const everyAction = everyRight.filter((right) => !['untag', 'catalog', 'deleted_catalog'].includes(right))

/** What the rights alone say: `record` tells why they do not allow it, if so. */
type Judged = { readonly allowed: boolean; readonly record: DecisionRecord }

type Rooms = StandingRooms & { readonly database: Database; readonly clock: Clock }

/** Opens the book of decisions. */
export function createDecisions(rooms: Rooms): Decisions {
  const { access, database, clock } = rooms
  const memory = new AuthorityMemory<Judged>(memoryLimit)

  async function ofRight({ registry, principal, credential }: Holder, asked: RightInQuestion): Promise<Judged> {
    const revision = await database.authorityRevision()
    const key = `${callerKey(credential)} ${registry.rid} ${asked.right} ${asked.repository ?? ''}`
    const known = memory.recall(revision, key, clock.now())
    if (known !== undefined) return known
    const explanation = await access.explain(principal, registry, asked)
    const judged = { allowed: explanation.allowed, record: recordDecision(explanation, registry, asked) }
    memory.keep(revision, key, judged, Infinity)
    return judged
  }

  /** The decision on one action, if it is against the holder. */
  async function against(
    holder: Holder,
    type: string,
    name: string,
    action: string,
  ): Promise<DecisionRecord | undefined> {
    const { tokenAccess } = holder
    const asked = rightOf(type, name, action)
    if (!everyRight.includes(asked.right)) return failedBefore('unknown-action', null)
    const judged = await ofRight(holder, asked)
    const shown = tokenAccess === undefined ? null : cut(formatAll(tokenAccess), tokenAccessLimit)
    const record: DecisionRecord = { ...judged.record, tokenAccess: shown }
    if (!judged.allowed) return record
    if (tokenAccess === undefined || covers(tokenAccess, type, name, [action])) return undefined
    const change = { kind: 'get-new-token', access: formatAccessScope({ type, name, actions: [action] }) } as const
    return { ...record, firstFailure: 'token-lacks-access', smallestChange: change }
  }

  async function ofActions(holder: Holder, { type, name, actions }: AccessScope): Promise<DecisionRecord | undefined> {
    for (const action of actions) {
      const record = await against(holder, type, name, action)
      if (record !== undefined) return record
    }
    return undefined
  }

  return {
    ofActions,
    ofSmallerToken: async (holder, asked, given) => {
      const missing = asked.flatMap(({ type, name, actions }) => {
        const wanted = type === 'repository' && actions.includes('*') ? everyAction : actions
        const left = wanted.filter((action) => !covers(given, type, name, [action]))
        return left.length === 0 ? [] : [{ type, name, actions: left }]
      })
      const [first] = missing
      if (first === undefined) return {}
      const leftOut = withinLimit(missing.map(formatAccessScope), leftOutLimit)
      return { leftOut, decision: await ofActions(holder, first) }
    },
    ofNoRole: async (principal, registry) => {
      const pull = { right: 'pull', repository: undefined }
      return { ...recordDecision(await access.explain(principal, registry, pull), registry, pull), asked: null }
    },
    ofCredential: async (registry, credential) => {
      const [failure, change] = await failureOfCredential(rooms, registry, credential)
      return failedBefore(failure, { kind: change })
    },
  }
}

function rightOf(type: string, name: string, action: string): RightInQuestion {
  return type === 'repository' ? { right: action, repository: name } : { right: name, repository: undefined }
}

/** The check of a credential that fails, and what would mend it. */
async function failureOfCredential(
  { access, directory }: StandingRooms,
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
      if (credential.byArmToken === true && !takesArmTokens(registry))
        return ['arm-tokens-are-refused', 'sign-in-again']
      return failureOfDirectory(directory, credential.objectId)
    }
  }
}

/** Why somebody of the directory cannot be let in by a credential that was theirs, and what would mend it. */
export async function failureOfDirectory(
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

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`
}
