import { nullGuid } from '@acrux/shared/standards/azure/guid.ts'
import { CommandFailure, failure } from '../../framework/command/failure.ts'
import { type Profile, openProfile } from '../../framework/profile/profile.ts'
import { isRecord } from '../../framework/values/record.ts'
import { cachedToken, placeOf } from './cached-token.ts'
import { findOwner, helperRegistriesOf, loginServerOf } from './registries.ts'
import { note } from './report-failure.ts'

/**
 * The user names that mean that the credential is a token. A credential with any other user name is a password.
 * [docker-credential-helpers protocol]
 */
const tokenNames = new Set([nullGuid, '<token>'])

/**
 * `store` stores nothing, because the credentials come from `acrux login`. The helper accepts a token, because clients
 * send the received token back. The helper rejects a user name and password, so that the user does not expect these
 * credentials to be used.
 *
 * @throws CommandFailure
 */
export async function storeCredential(input: string, env: NodeJS.ProcessEnv): Promise<void> {
  const { ServerURL, Username, Secret } = parseCredential(input)
  const loginServer = loginServerOf(ServerURL)
  const profile = await openProfile(env).read()
  const found = findOwner(profile, loginServer)
  if (found.kind === 'unknown')
    throw failure(
      `docker-credential-acrux stores no passwords, and ${loginServer} is not a known registry`,
      'select another credential helper for this host in the configuration of the client',
    )
  const who = found.kind === 'owned' ? `the sign-in of ${found.owner.signIn.userName}` : 'acrux login'
  if (!tokenNames.has(Username))
    throw failure(
      `the password of ${Username} was not stored, because ${loginServer} gets credentials from ${who}`,
      `to use another user name, run first: ${removeCommand(profile, loginServer)}`,
    )
  if (found.kind === 'owned' && (await cachedToken(found.owner, loginServer, env)) === Secret) return
  note(`the token was not stored, because ${loginServer} gets credentials from ${who}`)
}

function parseCredential(input: string): { ServerURL: string; Username: string; Secret: string } {
  let value: unknown
  try {
    value = JSON.parse(input)
  } catch {
    throw new CommandFailure('the input is not valid JSON', 1)
  }
  const text = (name: string): string => {
    const found = isRecord(value) ? value[name] : undefined
    return typeof found === 'string' ? found : ''
  }
  const credential = { ServerURL: text('ServerURL'), Username: text('Username'), Secret: text('Secret') }
  if (credential.ServerURL === '') throw new CommandFailure('no credentials server URL', 1)
  if (credential.Username === '') throw new CommandFailure('no credentials username', 1)
  return credential
}

/** `erase`: deletes the cached token of a registry. The next `get` requests another token while the sign-in lasts. */
export async function eraseCredential(input: string, env: NodeJS.ProcessEnv): Promise<void> {
  if (input.trim() === '') throw new CommandFailure('no credentials server URL', 1)
  const loginServer = loginServerOf(input)
  const profile = await openProfile(env).read()
  const found = findOwner(profile, loginServer)
  if (found.kind !== 'owned') return
  const { store, signInId, name } = placeOf(found.owner, loginServer, env)
  if ((await store.read(signInId)).tokens?.[name] !== undefined) {
    await store.change(signInId, ({ tokens = {}, ...secrets }) => {
      const { [name]: _erased, ...others } = tokens
      return { ...secrets, tokens: others }
    })
  }
  note(
    `${loginServer} still gets credentials from the sign-in of ${found.owner.signIn.userName}; to end this, run acrux logout, or ${removeCommand(profile, loginServer)}`,
  )
}

function removeCommand(profile: Profile, loginServer: string): string {
  const recorded = helperRegistriesOf(profile).find((each) => each.loginServer === loginServer)
  return `acrux acr login --remove-helper -n ${recorded?.name ?? loginServer}`
}
