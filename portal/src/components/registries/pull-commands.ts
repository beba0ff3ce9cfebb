/** The programs that pull. */
export const pullers = ['docker', 'podman', 'helm', 'oras', 'kubernetes'] as const
export type Puller = (typeof pullers)[number]

/** The name of an image for clients: with `@` before a digest, and `:` before a tag. */
export function imageName(repository: string, reference: string): string {
  return `${repository}${reference.includes(':') ? '@' : ':'}${reference}`
}

/** The command with which a program pulls; for Kubernetes, the line of a pod. */
export function pullCommand(puller: Puller, loginServer: string, repository: string, reference: string): string {
  const name = `${loginServer}/${imageName(repository, reference)}`
  switch (puller) {
    case 'docker':
    case 'podman':
    case 'oras':
      return `${puller} pull ${name}`
    case 'helm':
      return reference.includes(':')
        ? `helm pull oci://${name}`
        : `helm pull oci://${loginServer}/${repository} --version ${reference}`
    case 'kubernetes':
      return `image: ${name}`
  }
}

/** The command that creates the pull secret of a repository. */
export const pullSecretCommand = (registry: string, repository: string) =>
  `acrux acr pull-secret -n ${registry} --scope repository:${repository}:pull | kubectl apply -f -`
