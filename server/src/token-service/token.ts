import { failedBefore } from '../access/index.ts'
import { andThen } from '../platform/memory/authority-memory.ts'
import type { Registry } from '../resources/index.ts'
import type { AccessScope } from '../standards/oauth/access-scope.ts'
import { parseAuthorization } from '../standards/http/authorization-header.ts'
import { TokenError } from './errors.ts'
import { type IssueCall, issue, issueAgain, refuse } from './issue.ts'
import { issueKey } from './issue-memory.ts'
import { type PasswordProof, provePassword } from './prove.ts'
import type { TokenRooms } from './token-rooms.ts'
import { type TokenCall, askedAccess, field, requireForm, requireService } from './token-request.ts'

const anonymousProof: PasswordProof = {
  credential: { kind: 'anonymous' },
  expiresAtMs: undefined,
  narrowedTo: undefined,
  deletionsSeen: undefined,
  refreshToken: undefined,
}

/** `POST /oauth2/token`, by its grant. [acr-protocol §1.5] */
export async function postToken(
  rooms: TokenRooms,
  { request, registry, origin, revision, parameters }: TokenCall,
): Promise<string> {
  const key = issueKey('form', '', parameters)
  const call = { connection: request.socket, registry, origin, revision, key }
  return (await issueAgain(rooms, call)) ?? issueByForm(rooms, call, parameters)
}

/** `GET /oauth2/token`, by Basic credentials or, where anonymous pull is on, without any. [acr-protocol §1.6] */
export async function getToken(
  rooms: TokenRooms,
  { request, registry, origin, revision, parameters }: TokenCall,
): Promise<string> {
  const header = request.headers.authorization
  const key = header === undefined ? undefined : issueKey('query', header, parameters)
  const call = { connection: request.socket, registry, origin, revision, key }
  return (await issueAgain(rooms, call)) ?? issueByHeader(rooms, call, parameters, header)
}

async function issueByForm(rooms: TokenRooms, call: IssueCall, parameters: string): Promise<string> {
  const form = requireForm(parameters)
  requireService(rooms, form, call.registry)
  const asked = askedAccess(form)
  switch (field(form, 'grant_type')) {
    case 'refresh_token': {
      const token = field(form, 'refresh_token') ?? ''
      const proof = await proveRefreshToken(rooms, call.registry, token)
      if (proof === undefined) {
        const unproved = await rooms.unproved.ofToken(['refresh_token'], token, call.registry)
        return refuse(rooms, call, asked, { ...unproved, reason: 'invalid-refresh-token' })
      }
      return issue(rooms, call, proof, asked, field(form, 'access_type') === 'offline')
    }
    case 'password': {
      const username = field(form, 'username') ?? ''
      const password = field(form, 'password') ?? ''
      // With neither it is how the Azure SDKs ask for an anonymous token; a password without a name proves nobody.
      if (username === '' && password === '') return issue(rooms, call, anonymousProof, asked, false)
      return issueByPassword(rooms, call, { username, password }, asked, field(form, 'access_type') === 'offline')
    }
    default:
      throw new TokenError('BAD_REQUEST', 'grant_type must be refresh_token or password')
  }
}

async function issueByHeader(
  rooms: TokenRooms,
  call: IssueCall,
  query: string,
  header: string | undefined,
): Promise<string> {
  const form = requireForm(query)
  requireService(rooms, form, call.registry)
  const asked = askedAccess(form)
  const authorization = parseAuthorization(header)
  switch (authorization.scheme) {
    case 'basic':
      return issueByPassword(rooms, call, authorization, asked, field(form, 'offline_token') === 'true')
    case 'none':
      if (await isOpenToAnybody(rooms, call.registry)) return issue(rooms, call, anonymousProof, asked, false)
      return refuseAnybody(rooms, call, asked)
    case 'bearer':
    case 'invalid': {
      const decision = failedBefore('unusable-authorization')
      const actor = { kind: 'claimed', id: '' } as const
      return refuse(rooms, call, asked, { actor, reason: 'unusable-authorization', decision })
    }
  }
}

async function refuseAnybody(rooms: TokenRooms, call: IssueCall, asked: readonly AccessScope[]): Promise<never> {
  const anybody = { kind: 'anonymous' } as const
  const holder = { registry: call.registry, principal: anybody, credential: anybody, tokenAccess: undefined }
  const { decision = failedBefore('anonymous-pull-is-off', { kind: 'enable-anonymous-pull' }) } =
    await rooms.decisions.ofSmallerToken(holder, asked, [])
  return refuse(rooms, call, asked, {
    actor: { kind: 'anonymous', id: '' },
    reason: 'anonymous-pull-disabled',
    decision,
  })
}

/** Whether anybody may read anything of the registry: all of it, or what a scope map for everybody names. */
function isOpenToAnybody({ access }: TokenRooms, registry: Registry): boolean | Promise<boolean> {
  return registry.anonymousPullEnabled || access.anonymousAccess.isGiven(registry.rid)
}

function proveRefreshToken(
  rooms: TokenRooms,
  registry: Registry,
  token: string,
): PasswordProof | undefined | Promise<PasswordProof | undefined> {
  return andThen(rooms.tokens.verify('refresh_token', token, registry), (verified) => {
    if (verified === undefined) return undefined
    const { credential, expiresAtMs } = verified
    return { credential, expiresAtMs, narrowedTo: undefined, deletionsSeen: undefined, refreshToken: token }
  })
}

async function issueByPassword(
  rooms: TokenRooms,
  call: IssueCall,
  { username, password }: { readonly username: string; readonly password: string },
  asked: readonly AccessScope[],
  offline: boolean,
): Promise<string> {
  const proof = await provePassword(rooms, call.registry, username, password, true)
  if (proof === undefined) {
    const unproved = await rooms.unproved.ofPassword(username, password, call.registry, true)
    return refuse(rooms, call, asked, { ...unproved, reason: 'wrong-credentials' })
  }
  return issue(rooms, call, proof, asked, offline)
}
