import { defineCommand } from '../command/command.ts'
import { serverFlags } from '../login/named-cloud.ts'
import { accessSteps } from './access.ts'
import { clientSteps } from './clients.ts'
import { connectionSteps } from './connection.ts'
import { type Finding, runSteps } from './step.ts'
import { type TargetFlags, sceneOf } from './target.ts'
import { transferSteps } from './transfer.ts'

/** `acrux doctor`. */
export const command = defineCommand<TargetFlags>({
  about: `
It checks the name, the connection, the certificate, the clock, the sign-in, each step of a login, and the clients of this
machine. If you may push and delete, it pushes an image of about 1 KiB to a repository that it deletes again. Without -n
and --server, it checks the server of the active cloud.`,
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
  prints: 'result',
  text: textOf,
  table: (findings: readonly Shown[]) =>
    findings.map(({ check, status, detail, nextStep }) => ({ check, status, detail, nextStep })),
  run: async (flags, context) => {
    const scene = await sceneOf(context, flags)
    const steps = [...connectionSteps, ...accessSteps, ...transferSteps, ...clientSteps()]
    const findings = await runSteps(steps, scene)
    if (findings.some(({ status }) => status === 'failed')) context.exitWith(1)
    return findings.map(({ nextStep = null, ...finding }) => ({ ...finding, nextStep }))
  },
})

type Shown = Omit<Finding, 'nextStep'> & { readonly nextStep: string | null }

function textOf(findings: readonly Shown[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length))
  return findings
    .flatMap(({ check, status, detail, nextStep }) => [
      `${status.padEnd(7)}  ${check.padEnd(width)}  ${detail}`,
      ...(nextStep === null ? [] : [`${' '.repeat(9 + width)}  next step: ${nextStep}`]),
    ])
    .join('\n')
}
