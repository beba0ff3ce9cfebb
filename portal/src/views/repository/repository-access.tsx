import type { AllowedPrincipal } from '@acrux/shared/wire/api-types.ts'
import { Text } from '@fluentui/react-components'
import { useState } from 'react'
import { listAllowed } from '../../api/access.ts'
import { useRead } from '../../api/queries.ts'
import { useKnownPermissions } from '../../api/use-permissions.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Segments } from '../../components/elements/segments.tsx'
import { accessText } from '../../components/registries/access-text.ts'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { useRegistry } from '../../components/registries/use-registry.ts'
import { Table } from '../../components/table/table.tsx'
import { repositoryTexts } from '../../components/texts/repository.ts'
import { rightsTexts } from '../../components/texts/rights.ts'

const view = repositoryTexts.access

type RepositoryAccessProps = { readonly repository: string; readonly access: ReadonlySet<string> }

/** What the person may do in a repository, and who else may. */
export function RepositoryAccess({ repository, access }: RepositoryAccessProps) {
  const { name, loginServer } = useAddressedRegistry()
  const { registry } = useRegistry(loginServer)
  const mayRead = useKnownPermissions(registry?.id)?.('Microsoft.Authorization/roleAssignments/read')
  return (
    <>
      <Text>{view.yours(accessText(access))}</Text>
      {mayRead === true && registry !== undefined ? (
        <Others registryId={registry.id} repository={repository} />
      ) : (
        <Text>{view.hidden}</Text>
      )}
      {mayRead === true && (
        <div>
          <AppLink
            to="/r/$registry/access"
            params={{ registry: name }}
            search={{ tab: 'who', action: 'pull', repository }}
          >
            {view.more}
          </AppLink>
        </div>
      )}
      <CommandLine text={`acrux acr who pull ${repository} -n ${name}`} />
    </>
  )
}

function Others({ registryId, repository }: { readonly registryId: string; readonly repository: string }) {
  const [action, setAction] = useState<keyof typeof view.actions>('pull')
  const query = useRead(['allowed', registryId, action, repository], (signal) =>
    listAllowed(registryId, { action, repository }, signal),
  )
  return (
    <>
      <div>
        <Segments label={view.who} options={view.actions} chosen={action} onChoose={setAction} />
      </div>
      <Loaded query={query}>
        {({ list, principals }) => (
          <>
            {list.anonymous && <Text>{view.anonymous}</Text>}
            {list.adminAccount && <Text>{view.admin}</Text>}
            <Table
              isWrapped
              label={view.who}
              empty={view.none}
              rows={principals}
              keyOf={({ principalId }) => principalId}
              columns={[
                { title: view.principal, cell: ({ principalId, displayName }) => displayName ?? principalId },
                { title: view.type, cell: ({ principalType }) => rightsTexts.types[principalType] },
                { title: view.by, cell: byText },
              ]}
            />
          </>
        )}
      </Loaded>
    </>
  )
}

/** The roles or the scope map that allow it. */
function byText({ assignments, scopeMapId }: AllowedPrincipal): string {
  if (scopeMapId !== undefined) return scopeMapId.split('/').at(-1) ?? ''
  return [...new Set(assignments.map(({ roleName }) => roleName ?? ''))].join(', ')
}
