import { Text, makeStyles, tokens as theme } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useReadAgain } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { Table } from '../../components/table/table.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ListBar, ListFilter } from '../../components/elements/list-bar.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { useLacks } from '../../components/elements/use-lacks.ts'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'
import { passwordText } from './password-text.ts'
import { RotatePassword } from './rotate-password.tsx'
import { type TokenAct, TokenDialog } from './token-dialog.tsx'
import { type TokenRow } from './token-rows.ts'
import type { TokenSearch } from './token-search.ts'
import { tokensKey, useTokenRows } from './use-tokens.ts'

const texts = rightsTexts.token
const inRegistry = (action: string) => `Microsoft.ContainerRegistry/registries/${action}`

const useStyles = makeStyles({
  buttons: { display: 'flex', flexWrap: 'wrap', gap: theme.spacingHorizontalS },
  list: { margin: 0, paddingLeft: theme.spacingHorizontalL },
})

type TokenListProps = {
  readonly registry: Registry
  readonly search: TokenSearch
  readonly go: (search: TokenSearch, replace?: boolean) => void
}

/** The scoped tokens of a registry. */
export function TokenList({ registry, search, go }: TokenListProps) {
  const query = useTokenRows(registry.id)
  const lacks = useLacks(registry.id)
  const navigate = useNavigate()
  const { filter = '' } = search
  const write = inRegistry('tokens/write')
  return (
    <Section title={texts.tabs.tokens}>
      <Text>{texts.about}</Text>
      <ListBar
        action={texts.create}
        reason={lacks(write)}
        onAct={() => void navigate({ to: '/r/$registry/tokens/new', params: { registry: registry.name } })}
      >
        <ListFilter filter={filter} onFilter={(value) => go(value === '' ? {} : { filter: value }, true)} />
      </ListBar>
      <Loaded query={query}>{(rows) => <TokenTable registry={registry} rows={rows} filter={filter} />}</Loaded>
      <CommandLine text={`acrux acr token list --registry ${registry.name} -o table`} />
    </Section>
  )
}

type TokenTableProps = { readonly registry: Registry; readonly rows: readonly TokenRow[]; readonly filter: string }

function TokenTable({ registry, rows, filter }: TokenTableProps) {
  const [act, setAct] = useState<TokenAct>()
  const [rotated, setRotated] = useState<string>()
  const readAgain = useReadAgain()
  const reload = () => readAgain(tokensKey(registry.id))
  if (rows.length === 0) {
    return (
      <Text>
        {texts.empty} {texts.emptyNext}
      </Text>
    )
  }
  const found = rows.filter(({ token, scopeMap }) =>
    `${token.name} ${scopeMap}`.toLowerCase().includes(filter.toLowerCase()),
  )
  if (found.length === 0) return <Text>{words.noMatch}</Text>
  const rotatedRow = rows.find(({ token }) => token.name === rotated)
  return (
    <>
      <Table
        isMain
        isWrapped
        label={texts.tabs.tokens}
        rows={found}
        usualSort="name"
        arrangement={filter}
        keyOf={({ token }) => token.id}
        columns={[
          {
            id: 'name',
            title: words.name,
            minWidth: 10,
            grow: 1,
            sorts: 'ascending',
            value: ({ token }) => token.name,
            cell: ({ token }) => token.name,
          },
          {
            id: 'status',
            title: texts.status,
            minWidth: 4,
            sorts: 'ascending',
            value: ({ token }) => token.properties.status,
            cell: ({ token }) => (token.properties.status === 'enabled' ? words.on : words.off),
          },
          {
            id: 'map',
            title: words.scopeMap,
            minWidth: 8,
            sorts: 'ascending',
            value: ({ scopeMap }) => scopeMap,
            cell: ({ scopeMap }) => scopeMap,
          },
          { id: 'passwords', title: texts.passwords, cell: (row) => <Passwords row={row} /> },
          {
            id: 'action',
            title: words.action,
            onPhone: 'end',
            cell: (row) => (
              <RowButtons registry={registry} row={row} onAct={setAct} onRotate={() => setRotated(row.token.name)} />
            ),
          },
        ]}
      />
      {act !== undefined && (
        <TokenDialog registry={registry} act={act} onDone={reload} onClose={() => setAct(undefined)} />
      )}
      {rotatedRow !== undefined && (
        <RotatePassword registry={registry} row={rotatedRow} onChanged={reload} onClose={() => setRotated(undefined)} />
      )}
    </>
  )
}

function Passwords({ row }: { readonly row: TokenRow }) {
  const styles = useStyles()
  if (row.passwords.length === 0) return <>{texts.noPasswords}</>
  return (
    <ul className={styles.list}>
      {row.passwords.map((password) => (
        <li key={password.name}>{passwordText(password, row.showsUses)}</li>
      ))}
    </ul>
  )
}

type RowButtonsProps = {
  readonly registry: Registry
  readonly row: TokenRow
  readonly onAct: (act: TokenAct) => void
  readonly onRotate: () => void
}

function RowButtons({ registry, row, onAct, onRotate }: RowButtonsProps) {
  const styles = useStyles()
  const lacks = useLacks(registry.id)
  const { name, properties } = row.token
  const status = properties.status === 'enabled' ? 'disable' : 'enable'
  return (
    <div className={styles.buttons}>
      <ActionButton
        size="small"
        reason={lacks(inRegistry('generateCredentials/action'))}
        aria-label={`${texts.rotate}: ${name}`}
        onClick={onRotate}
      >
        {texts.rotate}
      </ActionButton>
      <ActionButton
        size="small"
        reason={lacks(inRegistry('tokens/write'))}
        aria-label={`${texts[status]}: ${name}`}
        onClick={() => onAct({ kind: status, token: name })}
      >
        {texts[status]}
      </ActionButton>
      <ActionButton
        size="small"
        reason={lacks(inRegistry('tokens/delete'))}
        aria-label={`${words.delete}: ${name}`}
        onClick={() => onAct({ kind: 'delete', token: name })}
      >
        {words.delete}
      </ActionButton>
    </div>
  )
}
