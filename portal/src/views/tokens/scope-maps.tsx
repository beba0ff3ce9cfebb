import { Badge, Field, SearchBox, Text, makeStyles, tokens as theme } from '@fluentui/react-components'
import { useState } from 'react'
import { useReadAgain } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import { deleteScopeMap } from '../../api/tokens.ts'
import type { ScopeMap } from '../../api/types.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { Table } from '../../components/table/table.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { useLacks } from '../../components/elements/use-lacks.ts'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'
import { ScopeMapDialog } from './scope-map-dialog.tsx'
import { usersOf, type TokenData } from './token-rows.ts'
import type { TokenSearch } from './token-search.ts'
import { tokensKey, useTokens } from './use-tokens.ts'

const texts = rightsTexts.token
const writeAction = 'Microsoft.ContainerRegistry/registries/scopeMaps/write'
const deleteAction = 'Microsoft.ContainerRegistry/registries/scopeMaps/delete'

const useStyles = makeStyles({
  bar: { display: 'flex', flexWrap: 'wrap', alignItems: 'flex-end', gap: theme.spacingHorizontalM },
  filter: { flexGrow: 1, maxWidth: '24rem' },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: theme.spacingHorizontalS },
  list: { margin: 0, paddingLeft: theme.spacingHorizontalL },
})

/** What is edited: a scope map, or a new one. */
type Edited = { readonly scopeMap: ScopeMap | undefined }

type ScopeMapsProps = {
  readonly registry: Registry
  readonly search: TokenSearch
  readonly go: (search: TokenSearch, replace?: boolean) => void
}

/** The scope maps of a registry, and who uses them. */
export function ScopeMaps({ registry, search, go }: ScopeMapsProps) {
  const styles = useStyles()
  const query = useTokens(registry.id)
  const readAgain = useReadAgain()
  const [deleted, setDeleted] = useState<string>()
  const [edited, setEdited] = useState<Edited>()
  const lacks = useLacks(registry.id)
  const reload = () => readAgain(tokensKey(registry.id))
  const { filter = '' } = search
  return (
    <Section title={texts.tabs.maps}>
      <div className={styles.bar}>
        <Field label={words.filter} className={styles.filter}>
          <SearchBox
            value={filter}
            onChange={(_event, { value }) => go({ tab: 'maps', ...(value !== '' && { filter: value }) }, true)}
          />
        </Field>
        <ActionButton
          appearance="primary"
          reason={lacks(writeAction)}
          onClick={() => setEdited({ scopeMap: undefined })}
        >
          {texts.createMap}
        </ActionButton>
      </div>
      <Loaded query={query}>
        {(data) => (
          <ScopeMapTable registry={registry} data={data} filter={filter} onDelete={setDeleted} onEdit={setEdited} />
        )}
      </Loaded>
      <CommandLine text={`acrux acr scope-map list --registry ${registry.name} -o table`} />
      {edited !== undefined && query.data !== undefined && (
        <ScopeMapDialog
          registry={registry}
          scopeMap={edited.scopeMap}
          taken={query.data.scopeMaps.map(({ name }) => name)}
          users={usersOf(query.data, edited.scopeMap?.name ?? '')}
          onDone={reload}
          onClose={() => setEdited(undefined)}
        />
      )}
      {deleted !== undefined && (
        <ConfirmDialog
          title={texts.deleteMapTitle}
          confirm={words.delete}
          onClose={() => setDeleted(undefined)}
          onConfirm={async () => {
            await deleteScopeMap(registry.id, deleted)
            await reload()
          }}
        >
          <Text>{deleted}</Text>
          <Text>{texts.deleteMapHint}</Text>
        </ConfirmDialog>
      )}
    </Section>
  )
}

type ScopeMapTableProps = {
  readonly registry: Registry
  readonly data: TokenData
  readonly filter: string
  readonly onDelete: (name: string) => void
  readonly onEdit: (edited: Edited) => void
}

function ScopeMapTable({ registry, data, filter, onDelete, onEdit }: ScopeMapTableProps) {
  const styles = useStyles()
  const lacks = useLacks(registry.id)
  const reasonFor = ({ name, properties }: ScopeMap, action: string): string | undefined => {
    if (properties.type === 'SystemDefined') return texts.mapIsSystem
    if (action === deleteAction && usersOf(data, name).length > 0) return texts.mapInUse
    return lacks(action)
  }
  const rows = data.scopeMaps
    .filter(({ name, properties }) =>
      `${name} ${properties.actions.join(' ')}`.toLowerCase().includes(filter.toLowerCase()),
    )
    .toSorted(
      (one, other) =>
        Number(one.properties.type === 'SystemDefined') - Number(other.properties.type === 'SystemDefined'),
    )
  return (
    <Table
      isWrapped
      label={texts.tabs.maps}
      empty={data.scopeMaps.length === 0 ? texts.mapEmpty : words.noMatch}
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        {
          title: words.name,
          cell: ({ name, properties }) => (
            <>
              {name} {properties.type === 'SystemDefined' && <Badge appearance="outline">{texts.system}</Badge>}
            </>
          ),
        },
        {
          title: texts.actions,
          cell: ({ properties }) => (
            <ul className={styles.list}>
              {properties.actions.map((action) => (
                <li key={action}>{action}</li>
              ))}
            </ul>
          ),
        },
        { title: texts.usedBy, cell: ({ name }) => usersOf(data, name).join(', ') },
        {
          title: words.action,
          cell: (map) => (
            <div className={styles.buttons}>
              <ActionButton
                size="small"
                reason={reasonFor(map, writeAction)}
                aria-label={`${words.change}: ${map.name}`}
                onClick={() => onEdit({ scopeMap: map })}
              >
                {words.change}
              </ActionButton>
              <ActionButton
                size="small"
                reason={reasonFor(map, deleteAction)}
                aria-label={`${words.delete}: ${map.name}`}
                onClick={() => onDelete(map.name)}
              >
                {words.delete}
              </ActionButton>
            </div>
          ),
        },
      ]}
    />
  )
}
