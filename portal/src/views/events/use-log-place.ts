import { useQueryClient } from '@tanstack/react-query'
import { listRegistries } from '../../api/arm.ts'
import { type LogPlace, findSubscription } from '../../api/audit.ts'
import { useRead } from '../../api/queries.ts'
import { useKnownPermissions } from '../../api/use-permissions.ts'

/** A registry, or the whole server, whose log is shown. `name` is that of commands. */
export type NamedPlace = LogPlace & { readonly name: string | undefined }

/** Where the log of the registry with this name is, or that of the whole server. `null` if the person's roles permit neither. */
export function useLogPlace(registry: string | undefined) {
  const client = useQueryClient()
  return useRead(
    ['log-place', registry ?? ''],
    async (signal): Promise<NamedPlace | null> => {
      if (registry === undefined) {
        const id = await findSubscription(signal)
        return id === undefined ? null : { kind: 'server', id, name: undefined }
      }
      const registries = await client.ensureQueryData({
        queryKey: ['registries'],
        queryFn: () => listRegistries(signal),
        staleTime: 60_000,
      })
      const found = registries.find(({ name }) => name === registry)
      return found === undefined ? null : { kind: 'registry', id: found.id, name: found.name }
    },
    { staleTime: 60_000 },
  )
}

/** Whether the person may read these of a log. Undefined until it is known: a request that is denied would be recorded. */
export function useMayRead({ kind, id }: LogPlace, what: 'auditEvents' | 'decisions'): boolean | undefined {
  const provider = kind === 'registry' ? 'Microsoft.ContainerRegistry/registries' : 'Acrux.Server'
  return useKnownPermissions(id)?.(`${provider}/${what}/read`)
}
