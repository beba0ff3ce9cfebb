import { nullGuid } from '@acrux/shared/standards/azure/guid.ts'
import { CommandFailure, failure } from '../../framework/command/failure.ts'
import { openProfile } from '../../framework/profile/profile.ts'
import { cachedToken } from './cached-token.ts'
import { findOwner, loginServerOf } from './registries.ts'

/** A credential, as the protocol writes it. */
export type Credential = { readonly ServerURL: string; readonly Username: string; readonly Secret: string }

/** Clients compare this text, and continue without credentials. [docker-credential-helpers protocol] */
const notFound = 'credentials not found in native keychain'

/** `get`: an ACR refresh token for the registry of the server URL. @throws CommandFailure */
export async function getCredential(input: string, env: NodeJS.ProcessEnv): Promise<Credential> {
  const serverUrl = input.trim()
  if (serverUrl === '') throw new CommandFailure('no credentials server URL', 1)
  const loginServer = loginServerOf(serverUrl)
  const profile = await openProfile(env).read()
  const found = findOwner(profile, loginServer)
  switch (found.kind) {
    case 'unknown':
      throw new NotFound(notFound, 1)
    case 'signed-out': {
      const { loginCommand } = await import('./login-command.ts')
      const command = loginCommand(profile, { cloud: found.cloudName })
      throw failure(`nobody is signed in to the registry ${loginServer}`, `sign in: ${command}`)
    }
    case 'owned': {
      const cached = await cachedToken(found.owner, loginServer, env)
      const Secret = cached ?? (await (await import('./renew.ts')).renewToken(profile, found.owner, loginServer))
      return { ServerURL: serverUrl, Username: nullGuid, Secret }
    }
  }
}

/** The helper has no credentials for a server. Clients do not treat this result as an error. */
export class NotFound extends CommandFailure {
  override readonly name = 'NotFound'
}
