import type { RegistryLogin } from '../../api/registry-login.ts'

/** The programs that sign in with a token, and push. */
export const clients = ['docker', 'podman', 'helm', 'oras'] as const
export type Client = (typeof clients)[number]

/** The command with which a client signs in, in every shell. Its arguments are not secret. */
export function loginCommand(client: Client, { loginServer, username, password }: RegistryLogin): string {
  const login = client === 'helm' ? 'helm registry login' : `${client} login`
  return `echo ${password} | ${login} ${loginServer} --username ${username} --password-stdin`
}

/** The command with which a client pushes, for example. With docker and podman, the image gets the name that is given. */
export function pushCommand(client: Client, loginServer: string, image = 'app:1'): string {
  switch (client) {
    case 'docker':
    case 'podman':
      return `${client} tag app:1 ${loginServer}/${image} && ${client} push ${loginServer}/${image}`
    case 'helm':
      return `helm push chart-1.0.0.tgz oci://${loginServer}/charts`
    case 'oras':
      return `oras push ${loginServer}/files:1 file.txt`
  }
}

/** The commands with which people sign in in a browser, also with programs that do not know the server yet. */
export function browserCommands(registryName: string, origin: string) {
  return {
    acrux: `acrux login --server ${origin} && acrux acr login --name ${registryName}`,
    azSetUp: [
      `az cloud register -n acrux --endpoint-resource-manager ${origin}`,
      'az cloud set -n acrux',
      'az config set core.instance_discovery=false',
    ].join(' && '),
    az: `az login && az acr login --name ${registryName}`,
  }
}
