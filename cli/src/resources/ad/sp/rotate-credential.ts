import { requireAccount } from '../../../clients/session/account.ts'
import { orFailed } from '../../../clients/graph/graph.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { aboutRotation, rotationExitCodes } from '../../rotation/flags.ts'
import { rotate } from '../../rotation/rotate.ts'
import { type RotateFlags, holderOf, rotateFlags } from '../rotate-credential.ts'
import { type ObjectFlags, servicePrincipalFlag, servicePrincipalPath } from '../shared.ts'

/** `acrux ad sp credential rotate`. az does not have it. */
export const command = defineCommand<ObjectFlags & RotateFlags>({
  about: aboutRotation,
  flags: [servicePrincipalFlag, ...rotateFlags],
  examples: [
    'acrux ad sp credential rotate --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --out-file /run/secrets/ci',
    "acrux ad sp credential rotate --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --exec 'gh secret set CLIENT_SECRET'",
    'acrux ad sp credential rotate --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --finish --after 7d --yes',
  ],
  exitCodes: rotationExitCodes,
  prints: 'result',
  run: (flags, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      const path = await servicePrincipalPath(account, flags.id)
      return rotate(context, await holderOf(account, { path, family: 'sp' }, flags), flags)
    }),
})
