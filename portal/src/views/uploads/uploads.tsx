import { sizeText } from '@acrux/shared/texts/size-text.ts'
import { Badge, Text } from '@fluentui/react-components'
import { useState } from 'react'
import { useReadAgain } from '../../api/queries.ts'
import { cancelUpload } from '../../api/registry-arm.ts'
import type { Upload } from '../../api/types.ts'
import { usePermissions } from '../../api/use-permissions.ts'
import { ActionBar } from '../../components/elements/action-bar.tsx'
import { Age } from '../../components/elements/age.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { Table } from '../../components/table/table.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page } from '../../components/elements/page.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { RepositoriesLink } from '../../components/registries/repositories-link.tsx'
import { useRegistry } from '../../components/registries/use-registry.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { words } from '../../components/texts/words.ts'
import { uploadsKey, useUploads } from './use-uploads.ts'

const view = imagesTexts.uploads

/** The unfinished uploads of a registry. */
export function Uploads() {
  const { name, loginServer } = useAddressedRegistry()
  const { registries, registry } = useRegistry(loginServer)
  return (
    <Page title={view.title}>
      <RepositoriesLink />
      <Text>{view.intro}</Text>
      <Loaded query={registries}>
        {() => (registry === undefined ? <Text>{view.noDetails}</Text> : <UploadList registryId={registry.id} />)}
      </Loaded>
      <CommandLine text={`acrux acr uploads list -r ${name} -o table`}>
        <CopyText label={view.cancelAction} text={`acrux acr uploads cancel -r ${name} --idle 2h`} />
      </CommandLine>
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
  return (
    <Table
      isWrapped
      label={view.title}
      empty={view.empty}
      rows={uploads}
      keyOf={({ id }) => id}
      columns={[
        {
          title: words.repository,
          cell: ({ properties }) => (
            <>
              {properties.repository} {properties.active && <Badge appearance="outline">{view.active}</Badge>}
            </>
          ),
        },
        { title: view.bytes, cell: ({ properties }) => sizeText(properties.stagedBytes) },
        { title: view.caller, cell: ({ properties }) => <code>{properties.caller.replace(/^directory:/, '')}</code> },
        { title: words.started, cell: ({ properties }) => <Age time={properties.startedAt} /> },
        { title: view.lastData, cell: ({ properties }) => <Age time={properties.lastDataAt} /> },
        { title: words.expires, cell: ({ properties }) => <Age time={properties.expiresAt} /> },
        {
          title: words.actions,
          cell: (upload) => (
            <ActionBar
              actions={[
                {
                  label: view.cancel,
                  reason: mayCancel ? undefined : imagesTexts.roleNeeded.uploads,
                  act: () => onCancel(upload),
                },
              ]}
            />
          ),
        },
      ]}
    />
  )
}
