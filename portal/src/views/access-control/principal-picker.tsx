import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import {
  Button,
  Checkbox,
  Field,
  SearchBox,
  Select,
  Skeleton,
  SkeletonItem,
  Text,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { useDeferredValue, useState } from 'react'
import { type Principal, type PrincipalType, searchPrincipals } from '../../api/principals.ts'
import { useRead } from '../../api/queries.ts'
import { Name } from '../../components/elements/name.tsx'
import { visibleName } from '../../components/texts/visible-name.ts'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { texts as shared } from '../../components/texts/texts.ts'

const texts = rightsTexts.add
const minLength = 2

const useStyles = makeStyles({
  picker: { display: 'grid', rowGap: tokens.spacingVerticalM, maxWidth: '40rem' },
  list: { display: 'grid', maxHeight: '20rem', overflowY: 'auto' },
  selected: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  byId: { display: 'flex', flexWrap: 'wrap', alignItems: 'flex-end', gap: tokens.spacingHorizontalM },
})

type PrincipalPickerProps = {
  readonly selected: readonly Principal[]
  readonly onChange: (selected: readonly Principal[]) => void
}

/** The principals that a text may mean. */
export function usePrincipals(text: string) {
  return useRead(['principals', text], text.length >= minLength && ((signal) => searchPrincipals(text, signal)))
}

/** Finds people, groups and applications, and selects some. */
export function PrincipalPicker({ selected, onChange }: PrincipalPickerProps) {
  const styles = useStyles()
  const [text, setText] = useState('')
  const wanted = useDeferredValue(text.trim())
  const found = usePrincipals(wanted)
  const toggle = (principal: Principal, isSelected: boolean) => {
    const others = selected.filter(({ id }) => id !== principal.id)
    onChange(isSelected ? [...others, principal] : others)
  }
  return (
    <div className={styles.picker}>
      <Field label={texts.search} hint={texts.searchHint}>
        <SearchBox value={text} onChange={(_event, { value }) => setText(value)} />
      </Field>
      {found.isError && <ErrorView error={found.error} onRetry={() => void found.refetch()} />}
      {found.isLoading && (
        <Skeleton aria-label={shared.loading}>
          <SkeletonItem size={24} />
        </Skeleton>
      )}
      {found.data !== undefined && (
        <div className={styles.list} role="group" aria-label={texts.search}>
          {found.data.map((each) => (
            <Checkbox
              key={each.id}
              label={titleOf(each)}
              checked={selected.some(({ id }) => id === each.id)}
              onChange={(_event, { checked }) => toggle(each, checked === true)}
            />
          ))}
          {found.data.length === 0 && <NotFound text={wanted} onSelect={(each) => toggle(each, true)} />}
        </div>
      )}
      <div className={styles.selected} role="group" aria-label={texts.selected}>
        {selected.length === 0 && <Text>{texts.none}</Text>}
        {selected.map((each) => (
          <Button
            key={each.id}
            size="small"
            aria-label={visibleName(`${rightsTexts.remove}: ${each.name}`)}
            onClick={() => toggle(each, false)}
          >
            <Name>{each.name}</Name> ✕
          </Button>
        ))}
      </div>
    </div>
  )
}

/** A principal with what distinguishes it from others of its name. */
export function titleOf({ name, type, detail }: Principal): string {
  return `${name} · ${rightsTexts.types[type]}${detail === '' ? '' : ` · ${detail}`}`
}

/** An object id that the person cannot see can still be used: the server checks it. */
function NotFound({ text, onSelect }: { readonly text: string; readonly onSelect: (principal: Principal) => void }) {
  const styles = useStyles()
  const [type, setType] = useState<PrincipalType>('User')
  if (!isGuid(text)) return <Text>{texts.searchEmpty}</Text>
  return (
    <div className={styles.byId}>
      <Field label={rightsTexts.access.type}>
        <Select value={type} onChange={(_event, { value }) => setType(value as PrincipalType)}>
          {(['User', 'Group', 'ServicePrincipal'] as const).map((each) => (
            <option key={each} value={each}>
              {rightsTexts.types[each]}
            </option>
          ))}
        </Select>
      </Field>
      <Button onClick={() => onSelect({ id: text.toLowerCase(), type, name: text.toLowerCase(), detail: '' })}>
        {texts.useId}
      </Button>
    </div>
  )
}
