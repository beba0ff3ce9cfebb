/** A program and the command with which it signs in to a registry. */
export type SignInCommand = { readonly program: string; readonly command: string }

/** The commands with which programs sign in and push. Nothing in them is secret. */
export function signInCommands(loginServer: string, registryName: string): readonly SignInCommand[] {
  const image = `${loginServer}/app:1`
  return [
    { program: 'acrux', command: `acrux login && acrux acr login --name ${registryName}` },
    { program: 'az', command: `az login && az acr login --name ${registryName}` },
    { program: 'docker', command: `docker tag app:1 ${image} && docker push ${image}` },
    { program: 'podman', command: `podman tag app:1 ${image} && podman push ${image}` },
    { program: 'helm', command: `helm push chart-1.0.0.tgz oci://${loginServer}/charts` },
    { program: 'oras', command: `oras push ${loginServer}/files:1 file.txt` },
  ]
}
