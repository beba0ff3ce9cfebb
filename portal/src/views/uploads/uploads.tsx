import { evenSizeText, sizeText } from '@acrux/shared/texts/size-text.ts'
import { Badge, Text } from '@fluentui/react-components'
import { useState } from 'react'
import { useReadAgain } from '../../api/queries.ts'
import { cancelUpload } from '../../api/registry-arm.ts'
import type { Upload } from '../../api/types.ts'
import { usePermissions } from '../../api/use-permissions.ts'
import { actionColumn } from '../../components/table/action-column.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { ReadOnlyReason } from '../../components/elements/list-bar.tsx'
import { Forbidden } from '../../components/elements/forbidden.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page } from '../../components/elements/page.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { useRegistry } from '../../components/registries/use-registry.ts'
import { timeColumn } from '../../components/table/cells/time-column.tsx'
import type { Column } from '../../components/table/columns.ts'
import { Table } from '../../components/table/table.tsx'
import { imagesTexts } from '../../components/texts/images.ts'
import { words } from '../../components/texts/words.ts'
import { RepositoriesLink } from '../../components/registries/repositories-link.tsx'
import { RepositoryTabs } from '../../components/registries/repository-tabs.tsx'
import { uploadsKey, useUploads } from './use-uploads.ts'

const view = imagesTexts.uploads

/** The unfinished uploads of a registry. */
export function Uploads() {
  const { name, loginServer } = useAddressedRegistry()
  const { registries, registry } = useRegistry(loginServer)
  return (
    <Page title={view.title} parents={[<RepositoriesLink key="repositories" />]}>
      <RepositoryTabs selected="uploads" />
      <Text>{view.intro}</Text>
      <Loaded query={registries}>
        {() =>
          registry === undefined ? (
            <Forbidden why={view.noDetails} registry={name} role="Reader" />
          ) : (
            <UploadList registryId={registry.id} />
          )
        }
      </Loaded>
      <CommandLine
        text={`acrux acr uploads list -r ${name} -o table`}
        more={[{ label: view.cancelAction, text: `acrux acr uploads cancel -r ${name} --idle 2h` }]}
      />
    </Page>
  )
}

function UploadList({ registryId }: { readonly registryId: string }) {
  const readAgain = useReadAgain()
  const query = useUploads(registryId)
  const mayCancel = usePermissions(registryId)('Acrux.Server/uploads/delete')
  const [chosen, setChosen] = useState<Upload>()
  return (
    <>
      <Loaded query={query}>
        {({ value }) => <UploadTable uploads={value} mayCancel={mayCancel} onCancel={setChosen} />}
      </Loaded>
      {chosen !== undefined && (
        <ConfirmDialog
          title={view.cancelTitle}
          confirm={view.cancelAction}
          onConfirm={async () => {
            await cancelUpload(registryId, chosen.name)
            await readAgain(uploadsKey(registryId))
          }}
          onClose={() => setChosen(undefined)}
        >
          <Text weight="semibold">{imagesTexts.confirm.lost}</Text>
          <Text>{view.cancelLost(sizeText(chosen.properties.stagedBytes), chosen.properties.repository)}</Text>
        </ConfirmDialog>
      )}
    </>
  )
}

type UploadTableProps = {
  readonly uploads: readonly Upload[]
  readonly mayCancel: boolean
  readonly onCancel: (upload: Upload) => void
}

function UploadTable({ uploads, mayCancel, onCancel }: UploadTableProps) {
  const reason = mayCancel ? undefined : imagesTexts.roleNeeded.uploads
  return (
    <>
      <ReadOnlyReason reason={uploads.length === 0 ? undefined : reason} />
      <Table
        isMain
        label={view.title}
        empty={view.empty}
        rows={uploads}
        keyOf={({ id }) => id}
        usualSort="-data"
        columns={[...columns, actionColumn({ text: view.cancel, label: () => view.cancel, reason, act: onCancel })]}
      />
    </>
  )
}

const columns: readonly Column<Upload>[] = [
  {
    id: 'repository',
    title: words.repository,
    minWidth: 12,
    grow: 1,
    sorts: 'ascending',
    value: ({ properties }) => properties.repository,
    cell: ({ properties }) => (
      <>
        {properties.repository} {properties.active && <Badge appearance="outline">{view.active}</Badge>}
      </>
    ),
  },
  {
    id: 'bytes',
    title: view.bytes,
    width: 6,
    isNumber: true,
    sorts: 'descending',
    value: ({ properties }) => properties.stagedBytes,
    cell: ({ properties }) => evenSizeText(properties.stagedBytes),
  },
  {
    id: 'caller',
    title: view.caller,
    minWidth: 8,
    dropOrder: 2,
    cell: ({ properties }) => <code>{properties.caller.replace(/^directory:/, '')}</code>,
  },
  timeColumn('started', words.started, ({ properties }) => properties.startedAt),
  timeColumn('data', view.lastData, ({ properties }) => properties.lastDataAt),
  timeColumn('expires', words.expires, ({ properties }) => properties.expiresAt),
]
