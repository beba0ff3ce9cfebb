import { requireSubscription } from '../../clients/session/account.ts'
import { removeSignIns } from '../../clients/session/sign-in.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { CommandFailure, failure } from '../../framework/command/failure.ts'
import { openProfile } from '../../framework/profile/profile.ts'
import { removeUnusedHelpers } from '../credential-helper/set-up.ts'

/** `acrux logout`. */
export const logout = defineCommand<{ readonly username?: string }>({
  flags: [{ flags: '--username <name>', description: 'the user name or application id. Default: the active account' }],
  examples: ['acrux logout', 'acrux logout --username ada@contoso.com'],
  run: async ({ username }, context) => {
    const profile = await openProfile(context.env).read()
    const name = username ?? activeUser(() => requireSubscription(profile, undefined).subscription.user.name)
    await removeSignIns(context, ({ userName }) => userName.toLowerCase() === name.toLowerCase())
    await removeUnusedHelpers(context)
  },
})

function activeUser(find: () => string): string {
  try {
    return find()
  } catch (error) {
    throw error instanceof CommandFailure ? failure('There are no active accounts.') : error
  }
}

/** `acrux account clear`. */
export const clear = defineCommand({
  examples: ['acrux account clear'],
  run: async (_flags, context) => {
    await removeSignIns(context, () => true)
    await removeUnusedHelpers(context)
  },
})
