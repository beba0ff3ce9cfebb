import { shellWord } from '@acrux/shared/texts/shell-word.ts'
import type { Profile, SignIn } from '../../framework/profile/profile.ts'

/** The command that signs in again like a sign-in, or that signs a person in to a cloud. */
export function loginCommand(profile: Profile, signIn: Pick<SignIn, 'cloud'> & Partial<SignIn>): string {
  const cloud = profile.clouds.find(({ name }) => name === signIn.cloud)
  const server = cloud === undefined ? [] : ['--server', new URL(cloud.endpoints.resourceManager).origin]
  return ['acrux', 'login', ...server, ...methodFlags(signIn)].map(shellWord).join(' ')
}

function methodFlags({ method, userName = '', tenantId = '' }: Partial<SignIn>): readonly string[] {
  const principal = ['--service-principal', '-u', userName, '--tenant', tenantId]
  switch (method?.kind) {
    case undefined:
    case 'user':
      return []
    case 'secret':
      return [...principal, '-p', '-']
    case 'certificate':
      return [...principal, '--certificate', method.file]
    case 'federated':
      return [...principal, '--federated-token', method.file === undefined ? '-' : `@${method.file}`]
    case 'managed-identity':
      return ['--identity', ...(method.value === undefined ? [] : [identityFlag(method.parameter), method.value])]
  }
}

function identityFlag(parameter: string | undefined): string {
  if (parameter === 'object_id') return '--object-id'
  return parameter === 'client_id' ? '--client-id' : '--resource-id'
}
