import { orFailed } from '../../../clients/graph/graph.ts'
import { requireAccount } from '../../../clients/session/account.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { aboutRotation, rotationExitCodes } from '../../rotation/flags.ts'
import { rotate } from '../../rotation/rotate.ts'
import {
  type ResetFlags,
  certificateFlag,
  deleteCredential,
  keyIdFlag,
  listCredentials,
  resetCredential,
  resetFlags,
} from '../credentials.ts'
import { type ObjectFlags, servicePrincipalFlag, servicePrincipalPath } from '../objects.ts'
import { type RotateFlags, holderOf, rotateFlags } from '../rotate-credential.ts'

/** `acrux ad sp credential list`. */
export const listServicePrincipalCredentials = defineCommand<ObjectFlags & { readonly cert?: true }>({
  flags: [servicePrincipalFlag, certificateFlag],
  examples: ['acrux ad sp credential list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 -o table'],
  run: ({ id, cert }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      return listCredentials(account, await servicePrincipalPath(account, id), cert === true)
    }),
})

/** `acrux ad sp credential reset`. */
export const resetServicePrincipalCredential = defineCommand<ObjectFlags & ResetFlags>({
  about:
    '\nThe password is printed once. Without --append, all present passwords become invalid, and with --cert or --create-cert all present certificates, too.',
  flags: [servicePrincipalFlag, ...resetFlags],
  examples: ['acrux ad sp credential reset --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --append'],
  run: (flags, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      return resetCredential(context, account, { path: await servicePrincipalPath(account, flags.id), flags })
    }),
})

/** `acrux ad sp credential rotate`. az does not have it. */
export const rotateServicePrincipalCredential = defineCommand<ObjectFlags & RotateFlags>({
  about: aboutRotation,
  flags: [servicePrincipalFlag, ...rotateFlags],
  examples: [
    'acrux ad sp credential rotate --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --out-file /run/secrets/ci',
    "acrux ad sp credential rotate --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --exec 'gh secret set CLIENT_SECRET'",
    'acrux ad sp credential rotate --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --finish --after 7d --yes',
  ],
  exitCodes: rotationExitCodes,
  run: (flags, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      const path = await servicePrincipalPath(account, flags.id)
      return rotate(context, await holderOf(account, { path, family: 'sp' }, flags), flags)
    }),
})

/** `acrux ad sp credential delete`. */
export const deleteServicePrincipalCredential = defineCommand<
  ObjectFlags & { readonly keyId: string; readonly cert?: true }
>({
  flags: [servicePrincipalFlag, keyIdFlag, certificateFlag],
  examples: [
    'acrux ad sp credential delete --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --key-id 0b1f6471-1bf0-4dda-aec3-cb9272f09590',
  ],
  run: (flags, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      await deleteCredential(account, await servicePrincipalPath(account, flags.id), flags)
    }),
})
