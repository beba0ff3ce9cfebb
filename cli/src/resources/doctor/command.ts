import { serverFlags } from '../../clients/servers/named-cloud.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { accessSteps } from './access.ts'
import { clientSteps } from './clients.ts'
import { connectionSteps } from './connection.ts'
import { findingDocuments, findingRows, findingsText } from './findings.ts'
import { runSteps } from './step.ts'
import { type TargetFlags, sceneOf } from './target.ts'
import { transferSteps } from './transfer.ts'

/** `acrux doctor`. */
export const command = defineCommand<TargetFlags>({
  about: `
The command checks the name, the connection, the certificate, the clock, the sign-in, each step of a login, and the
clients of this machine. If you may push and delete, the command pushes an image of about 1 KiB to a new repository,
and deletes the repository again. Without -n and --server, the command checks the server of the active cloud.`,
  flags: [
    { flags: '-n, --name <registry>', description: 'the name of a registry of the active cloud' },
    { flags: '-g, --resource-group <group>', description: 'the resource group of the registry' },
    ...serverFlags,
    {
      flags: '--repository <repository>',
      description: 'push to this repository, and delete only the image. Default: a new repository',
    },
    { flags: '--no-push', description: 'push no image' },
  ],
  examples: [
    'acrux doctor',
    'acrux doctor -n contoso --repository team/app',
    'acrux doctor --server https://registry.example.com --no-push',
    'acrux doctor -n contoso --query "[?status==\'failed\']" -o json',
  ],
  exitCodes: { 0: 'no check failed', 1: 'at least one check failed', 2: 'wrong option or argument' },
  text: findingsText,
  table: findingRows,
  run: async (flags, context) => {
    const scene = await sceneOf(context, flags)
    const steps = [...connectionSteps, ...accessSteps, ...transferSteps, ...clientSteps()]
    const findings = await runSteps(steps, scene)
    if (findings.some(({ status }) => status === 'failed')) context.exitWith(1)
    return findingDocuments(findings)
  },
})
