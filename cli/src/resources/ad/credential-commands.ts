import { orFailed } from '../../clients/graph/graph.ts'
import { type Account, requireAccount } from '../../clients/session/account.ts'
import { type FlagDescription, defineCommand } from '../../framework/command/command.ts'

import { aboutRotation, rotationExitCodes } from '../rotation/flags.ts'
import { rotate } from '../rotation/rotate.ts'
import {
  type ResetFlags,
  certificateFlag,
  deleteCredential,
  keyIdFlag,
  listCredentials,
  resetCredential,
  resetFlags,
} from './credentials.ts'
import {
  type ObjectFlags,
  applicationFlag,
  applicationPath,
  servicePrincipalFlag,
  servicePrincipalPath,
} from './objects.ts'
import { type RotateFlags, holderOf, rotateFlags } from './rotate-credential.ts'

/** The holder of the credentials: an application or a service principal. */
type Holder = {
  readonly family: 'app' | 'sp'
  /** The flag that names the holder. */
  readonly flag: FlagDescription
  /** The path of the holder in Graph. */
  readonly pathOf: (account: Account, id: string) => Promise<string>
}

const exampleId = '6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'

/**
 * The commands `acrux ad app credential …` or `acrux ad sp credential …`. az has all of these commands except `rotate`.
 */
function credentialCommands({ family, flag, pathOf }: Holder) {
  const command = `acrux ad ${family} credential`
  return {
    list: defineCommand<ObjectFlags & { readonly cert?: true }>({
      flags: [flag, certificateFlag],
      examples: [`${command} list --id ${exampleId} -o table`],
      run: ({ id, cert }, context) =>
        orFailed(async () => {
          const account = await requireAccount(context)
          return listCredentials(account, await pathOf(account, id), cert === true)
        }),
    }),
    reset: defineCommand<ObjectFlags & ResetFlags>({
      about: `
The command prints the password once. Without --append, a new password replaces all existing passwords, and a new
certificate replaces all existing passwords and certificates.`,
      flags: [flag, ...resetFlags],
      examples: [`${command} reset --id ${exampleId} --append`],
      run: (flags, context) =>
        orFailed(async () => {
          const account = await requireAccount(context)
          return resetCredential(context, account, { path: await pathOf(account, flags.id), flags })
        }),
    }),
    rotate: defineCommand<ObjectFlags & RotateFlags>({
      about: aboutRotation,
      flags: [flag, ...rotateFlags],
      examples: [
        `${command} rotate --id ${exampleId} --out-file /run/secrets/ci`,
        `${command} rotate --id ${exampleId} --exec 'gh secret set CLIENT_SECRET'`,
        `${command} rotate --id ${exampleId} --finish --after 7d --yes`,
      ],
      exitCodes: rotationExitCodes,
      run: (flags, context) =>
        orFailed(async () => {
          const account = await requireAccount(context)
          const path = await pathOf(account, flags.id)
          return rotate(context, await holderOf(account, { path, family }, flags), flags)
        }),
    }),
    delete: defineCommand<ObjectFlags & { readonly keyId: string; readonly cert?: true }>({
      flags: [flag, keyIdFlag, certificateFlag],
      examples: [`${command} delete --id ${exampleId} --key-id 0b1f6471-1bf0-4dda-aec3-cb9272f09590`],
      run: (flags, context) =>
        orFailed(async () => {
          const account = await requireAccount(context)
          await deleteCredential(account, await pathOf(account, flags.id), flags)
        }),
    }),
  }
}

/** `acrux ad app credential …`. */
export const applicationCredential = credentialCommands({
  family: 'app',
  flag: applicationFlag,
  pathOf: applicationPath,
})

/** `acrux ad sp credential …`. */
export const servicePrincipalCredential = credentialCommands({
  family: 'sp',
  flag: servicePrincipalFlag,
  pathOf: servicePrincipalPath,
})
