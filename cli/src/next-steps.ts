import path from 'node:path'
import type { FirstRun } from '@acrux/server'
import { shellWord } from './shell-word.ts'

/** The commands to run after the first start, for docker, podman and az. They read the secrets from the file. */
export function nextSteps(firstRun: FirstRun, file: string): string {
  const { loginServer, resourceManager, caFile, registry, tenantId, servicePrincipal, owner } = firstRun
  const dataDir = shellWord(path.dirname(file))
  const ownerPassword = `${acrux()} owner first-run owner.password --data-dir ${dataDir}`
  const password = `"$(${acrux()} owner first-run servicePrincipal.password --data-dir ${dataDir})"`
  const trust =
    caFile === null
      ? []
      : [
          "Trust the server's certificate authority (once in each shell):",
          `  export SSL_CERT_FILE=${shellWord(caFile)} REQUESTS_CA_BUNDLE=${shellWord(caFile)}   # podman, oras, cosign; az`,
          `  sudo install -D -m 644 ${shellWord(caFile)} ${shellWord(path.posix.join('/etc/docker/certs.d', loginServer, 'ca.crt'))}   # docker`,
          '',
        ]
  return [
    `acrux: created the registry ${registry} and two owners. Their credentials are in ${file}, which only your user can read.`,
    '',
    ...trust,
    'Sign in as the owner service principal, and push an image:',
    `  PASSWORD=${password}`,
    `  echo "$PASSWORD" | podman login -u ${servicePrincipal.appId} --password-stdin ${loginServer}   # the same with docker`,
    `  podman push IMAGE ${loginServer}/hello:1`,
    '',
    'Use az with this server:',
    `  az cloud register -n acrux --endpoint-resource-manager ${resourceManager}`,
    '  az cloud set -n acrux && az config set core.instance_discovery=false',
    `  az login --service-principal -u ${servicePrincipal.appId} -p "$PASSWORD" --tenant ${tenantId}`,
    `  az acr login -n ${registry}                                  # with podman: DOCKER_COMMAND=podman az acr login`,
    '',
    `Sign in to the account pages: open ${resourceManager}/account as ${owner.userPrincipalName}. This command prints the password:`,
    `  ${ownerPassword}`,
    'You must change it at the first sign-in, unless the server was started with --dev.',
    '',
    '',
  ].join('\n')
}

/** How to call this program: npm does not put it in the PATH of the user. */
function acrux(): string {
  return process.env['npm_execpath'] === undefined ? 'acrux' : 'npx acrux'
}
