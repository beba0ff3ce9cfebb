import { Badge, Field, SearchBox, Text, makeStyles, tokens as theme } from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ScopeMap } from '../../api/rights-types.ts'
import { deleteScopeMap } from '../../api/tokens.ts'
import type { Registry } from '../../api/types.ts'
import { usePermissions } from '../../session/use-permissions.ts'
import { ActionButton } from '../../shell/action-button.tsx'
import { ConfirmDialog } from '../../shell/confirm-dialog.tsx'
import { CaptionedText } from '../../shell/captioned-text.tsx'
import { DataTable } from '../../shell/data-table.tsx'
import { Loaded } from '../../shell/loaded.tsx'
import { Section } from '../../shell/page.tsx'
import { texts as shared } from '../../texts.ts'
import { rightsTexts } from '../../texts/rights.ts'
import type { TokenSearch } from './token-search.ts'
import { type TokenData, tokensKey, useTokens } from './use-tokens.ts'

const texts = rightsTexts.token
const deleteAction = 'Microsoft.ContainerRegistry/registries/scopeMaps/delete'

const useStyles = makeStyles({
  filter: { maxWidth: '24rem' },
  list: { margin: 0, paddingLeft: theme.spacingHorizontalL },
})

type ScopeMapsProps = {
  readonly registry: Registry
  readonly search: TokenSearch
  readonly go: (search: TokenSearch, replace?: boolean) => void
}

/** The scope maps of a registry, and who uses them. */
export function ScopeMaps({ registry, search, go }: ScopeMapsProps) {
  const styles = useStyles()
  const query = useTokens(registry.id)
  const client = useQueryClient()
  const [deleted, setDeleted] = useState<string>()
  const { filter = '' } = search
  return (
    <Section title={texts.tabs.maps}>
      <Field label={rightsTexts.filter} className={styles.filter}>
        <SearchBox
          value={filter}
          onChange={(_event, { value }) => go({ tab: 'maps', ...(value !== '' && { filter: value }) }, true)}
        />
      </Field>
      <Loaded query={query}>
        {(data) => <ScopeMapTable registry={registry} data={data} filter={filter} onDelete={setDeleted} />}
      </Loaded>
      <CaptionedText
        label={shared.commandLine}
        text={`acrux acr scope-map list --registry ${registry.name} -o table`}
      />
      {deleted !== undefined && (
        <ConfirmDialog
          title={texts.deleteMapTitle}
          confirm={rightsTexts.delete}
          onClose={() => setDeleted(undefined)}
          onConfirm={async () => {
            await deleteScopeMap(registry.id, deleted)
            await client.invalidateQueries({ queryKey: tokensKey(registry.id) })
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
}

function ScopeMapTable({ registry, data, filter, onDelete }: ScopeMapTableProps) {
  const styles = useStyles()
  const mayAct = usePermissions(registry.id)
  const usersOf = (name: string) =>
    data.tokens.filter(({ scopeMap }) => scopeMap.toLowerCase() === name.toLowerCase()).map(({ token }) => token.name)
  const reasonFor = ({ name, properties }: ScopeMap): string | undefined => {
    if (properties.type === 'SystemDefined') return texts.mapIsSystem
    if (usersOf(name).length > 0) return texts.mapInUse
    return mayAct(deleteAction) ? undefined : `${rightsTexts.lacks} ${deleteAction}.`
  }
  const rows = data.scopeMaps
    .filter(({ name, properties }) =>
      `${name} ${properties.actions.join(' ')}`.toLowerCase().includes(filter.toLowerCase()),
    )
    .toSorted(
      (one, other) =>
        Number(one.properties.type === 'SystemDefined') - Number(other.properties.type === 'SystemDefined'),
    )
  if (rows.length === 0) return <Text>{data.scopeMaps.length === 0 ? texts.mapEmpty : rightsTexts.noMatch}</Text>
  return (
    <DataTable
      label={texts.tabs.maps}
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        {
          title: texts.name,
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
        { title: texts.usedBy, cell: ({ name }) => usersOf(name).join(', ') },
        {
          title: rightsTexts.access.action,
          cell: (map) => (
            <ActionButton
              size="small"
              reason={reasonFor(map)}
              aria-label={`${rightsTexts.delete}: ${map.name}`}
              onClick={() => onDelete(map.name)}
            >
              {rightsTexts.delete}
            </ActionButton>
          ),
        },
      ]}
    />
  )
}
