import path from 'node:path'
import type { FirstRun } from '@acrux/server'
import { shellWord } from './shell-word.ts'

/** What to type after the first start, for docker, podman and az. The secrets stay in the file that the text names. */
export function nextSteps(firstRun: FirstRun, file: string): string {
  const { loginServer, resourceManager, caFile, registry, tenantId, servicePrincipal, owner } = firstRun
  const password = `"$(node -p 'JSON.parse(fs.readFileSync(${JSON.stringify(file)})).servicePrincipal.password')"`
  const trust =
    caFile === null
      ? []
      : [
          'Trust the certificate authority of this server (once a shell):',
          `  export SSL_CERT_FILE=${shellWord(caFile)} REQUESTS_CA_BUNDLE=${shellWord(caFile)}   # podman, oras, cosign; az`,
          `  sudo install -D -m 644 ${shellWord(caFile)} ${shellWord(path.posix.join('/etc/docker/certs.d', loginServer, 'ca.crt'))}   # docker`,
          '',
        ]
  return [
    `acrux: a new registry, ${registry}. Its owners and their secrets are in ${file}, readable by you alone.`,
    '',
    ...trust,
    'Sign in as the owner service principal and push:',
    `  PASSWORD=${password}`,
    `  echo "$PASSWORD" | podman login -u ${servicePrincipal.appId} --password-stdin ${loginServer}   # docker login: the same`,
    `  podman push IMAGE ${loginServer}/hello:1`,
    '',
    'Or with az:',
    `  az cloud register -n acrux --endpoint-resource-manager ${resourceManager}`,
    '  az cloud set -n acrux && az config set core.instance_discovery=false',
    `  az login --service-principal -u ${servicePrincipal.appId} -p "$PASSWORD" --tenant ${tenantId}`,
    `  az acr login -n ${registry}                                  # DOCKER_COMMAND=podman for podman`,
    '',
    `To sign in as a person, open ${resourceManager}/account as ${owner.userPrincipalName} with the password in that file.`,
    'You must then change the password, unless the server was started with --dev.',
    '',
    '',
  ].join('\n')
}
