import path from 'node:path'
import type { FirstRun } from '@acrux/server'
import { shellWord } from '@acrux/shared/texts/shell-word.ts'

/**
 * The commands to run after the first start, for podman, docker and az. The commands read the secrets from the file.
 */
export function nextSteps(firstRun: FirstRun, file: string): string {
  const { loginServer, resourceManager, registry, tenantId, servicePrincipal, owner } = firstRun
  const program = acrux()
  const dataDir = `--data-dir ${shellWord(path.dirname(file))}`
  const valueOf = (name: string) => `${program} owner first-run ${name} ${dataDir}`
  return [
    `acrux: created the registry ${registry} and two owners. The credentials of the owners are in ${file}, which only your user can read.`,
    '',
    'In another terminal, sign in as the owner service principal, and push an image:',
    `  ${program} login --first-run ${dataDir}`,
    `  eval "$(${program} env podman)"   # with docker: eval "$(${program} env docker)"`,
    `  ${program} acr login -n ${registry}`,
    `  podman push IMAGE ${loginServer}/hello:1`,
    '',
    'Use az with this server:',
    `  eval "$(${program} env az)"`,
    `  ${valueOf('servicePrincipal.password')} |`,
    `    az login --service-principal -u ${servicePrincipal.appId} -p @- --tenant ${tenantId}`,
    `  az acr login -n ${registry}`,
    '',
    `Sign in to the account pages: open ${resourceManager}/account as ${owner.userPrincipalName}. This command prints the password:`,
    `  ${valueOf('owner.password')}`,
    'You must change the password at the first sign-in, unless the server was started with --dev.',
    '',
    '',
  ].join('\n')
}

/** How to call this program. npm does not add the program to the PATH of the user. */
function acrux(): string {
  return process.env['npm_execpath'] === undefined ? 'acrux' : 'npx acrux'
}
