import { openAccount } from '../../clients/session/account.ts'
import { ExchangeDenied } from '../../clients/tokens/acr-exchange.ts'
import { TokenDenied } from '../../clients/tokens/token-request.ts'
import { createContext } from '../../framework/command/context.ts'
import { CommandFailure, failure } from '../../framework/command/failure.ts'
import type { Profile } from '../../framework/profile/profile.ts'
import { loginCommand } from './login-command.ts'
import type { Owner } from './registries.ts'

/** Requests and stores a new token. @throws CommandFailure if the sign-in has ended */
export async function renewToken(profile: Profile, owner: Owner, loginServer: string): Promise<string> {
  const { signIn, stored } = owner
  // Messages would be written into the output of the client.
  const context = createContext({ onlyShowErrors: true })
  try {
    return await openAccount(context, profile, stored).acrRefreshToken(loginServer, { isFresh: true })
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    const again = loginCommand(profile, signIn)
    if (!(error instanceof TokenDenied)) {
      const isDenied = error instanceof ExchangeDenied && error.nextStep !== undefined
      throw failure(error.message, isDenied ? `${error.nextStep}; or sign in again: ${again}` : error.nextStep, error)
    }
    // The other lines are the ids of the request.
    const [reason] = error.message.split('\n')
    const message = `the session of ${signIn.userName} has ended, so there is no credential for ${loginServer}: ${reason}`
    throw failure(message, `sign in again: ${again}`, error)
  }
}
