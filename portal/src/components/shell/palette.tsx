import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { DismissRegular, SearchRegular } from '@fluentui/react-icons'
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import type { Abilities } from '../../api/abilities.ts'
import { noteDone } from '../../api/done-note.ts'
import { useReturnOfFocus } from '../elements/use-return-of-focus.ts'
import { texts } from '../texts/texts.ts'
import { visibleName } from '../texts/visible-name.ts'
import { narrow } from './navigation.tsx'
import { type PaletteItem, paletteGroups } from './palette-item.ts'
import { matchParts, movedTo, parsePaletteText } from './palette-query.ts'
import { usePaletteItems } from './use-palette-items.tsx'

const view = texts.palette

const useStyles = makeStyles({
  palette: {
    boxSizing: 'border-box',
    width: '680px',
    maxWidth: 'calc(100vw - 16px)',
    maxHeight: 'calc(100dvh - 96px)',
    margin: '64px auto auto',
    padding: 0,
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusLarge,
    color: tokens.colorNeutralForeground1,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow28,
    overflow: 'hidden',
    '::backdrop': { backgroundColor: tokens.colorBackgroundOverlay },
    [narrow]: { marginTop: '8px' },
  },
  content: { display: 'flex', flexDirection: 'column', maxHeight: 'inherit' },
  head: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalM}`,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  input: {
    flexGrow: 1,
    minWidth: 0,
    border: 'none',
    padding: 0,
    outlineStyle: 'none',
    fontFamily: 'inherit',
    fontSize: tokens.fontSizeBase400,
    color: 'inherit',
    backgroundColor: 'transparent',
  },
  chip: {
    display: 'inline-flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalXS,
    border: `1px solid ${tokens.colorBrandStroke2}`,
    borderRadius: tokens.borderRadiusCircular,
    padding: `${tokens.spacingVerticalXXS} ${tokens.spacingHorizontalM}`,
    fontFamily: 'inherit',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorBrandForeground2,
    backgroundColor: tokens.colorBrandBackground2,
    whiteSpace: 'nowrap',
    cursor: 'pointer',
  },
  key: {
    padding: '1px 6px',
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusSmall,
    fontSize: tokens.fontSizeBase100,
    fontFamily: 'inherit',
    whiteSpace: 'nowrap',
  },
  list: { overflowY: 'auto', minHeight: 0, flexShrink: 1 },
  title: {
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM} ${tokens.spacingVerticalXXS}`,
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground2,
  },
  row: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    minHeight: '36px',
    padding: `0 ${tokens.spacingHorizontalM}`,
    borderLeft: '3px solid transparent',
    cursor: 'pointer',
    [narrow]: { minHeight: '44px' },
  },
  selected: { borderLeftColor: tokens.colorCompoundBrandStroke, backgroundColor: tokens.colorBrandBackground2 },
  label: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  match: { fontWeight: tokens.fontWeightBold },
  detail: {
    flexGrow: 1,
    minWidth: 0,
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
  },
  foot: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: tokens.spacingHorizontalM,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
  },
  status: { marginLeft: 'auto' },
  empty: { padding: tokens.spacingHorizontalM, margin: 0 },
})

type PaletteProps = {
  readonly registry: string | undefined
  readonly abilities: Abilities | undefined
  readonly onClose: () => void
}

/** Finds repositories, tags, people, actions and pages by a few letters. */
export function Palette({ registry, abilities, onClose }: PaletteProps) {
  const styles = useStyles()
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  const [typed, setTyped] = useState('')
  const [isLimited, setLimited] = useState(true)
  const [index, setIndex] = useState(0)
  const current = abilities?.registries.usable.find(({ name }) => name === registry)
  const query = parsePaletteText(typed)
  const { items, ...state } = usePaletteItems({ query, registry: current, isLimited, abilities })
  const selected = Math.min(index, Math.max(0, items.length - 1))
  useReturnOfFocus()
  useEffect(() => dialog.current?.showModal(), [])
  useEffect(() => {
    // The browser returns a promise, and an effect may return only a function.
    document.getElementById(`${id}-${selected}`)?.scrollIntoView({ block: 'nearest' })
  }, [id, selected])
  const open = (item: PaletteItem | undefined) => {
    if (item === undefined) return
    onClose()
    item.open()
  }
  const copy = async (item: PaletteItem | undefined) => {
    if (item?.pullCommand === undefined) return
    const command = await item.pullCommand()
    await navigator.clipboard.writeText(command)
    onClose()
    noteDone(view.copied(command))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const item = items[selected]
    if (event.key === 'ArrowDown') setIndex(movedTo(selected, 1, items.length))
    else if (event.key === 'ArrowUp') setIndex(movedTo(selected, -1, items.length))
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void copy(item)
    else if (event.key === 'Enter') open(item)
    else return
    event.preventDefault()
  }
  return (
    <dialog
      ref={dialog}
      className={styles.palette}
      aria-label={texts.header.searchShort}
      onClose={onClose}
      onClick={({ target }) => target === dialog.current && onClose()}
    >
      <div className={styles.content}>
        <div className={styles.head}>
          <SearchRegular fontSize="20px" />
          <input
            className={styles.input}
            role="combobox"
            aria-label={texts.header.search}
            aria-expanded
            aria-controls={`${id}-list`}
            aria-autocomplete="list"
            {...(items.length > 0 && { 'aria-activedescendant': `${id}-${selected}` })}
            autoComplete="off"
            spellCheck={false}
            // The palette is a dialog, and this is its first field.
            autoFocus
            value={typed}
            onChange={({ target }) => {
              setTyped(target.value)
              setIndex(0)
            }}
            onKeyDown={onKeyDown}
          />
          {current !== undefined && isLimited && (
            <RegistryChip registry={current.name} onRemove={() => setLimited(false)} />
          )}
          <kbd className={styles.key}>Esc</kbd>
        </div>
        <PaletteList id={id} items={items} selected={selected} text={query.text} onOpen={open} />
        {items.length === 0 && !state.isSearching && <p className={styles.empty}>{view.nothing}</p>}
        <PaletteStatus {...state} count={items.length} />
      </div>
    </dialog>
  )
}

/** The registry to which the search is limited. */
function RegistryChip({ registry, onRemove }: { readonly registry: string; readonly onRemove: () => void }) {
  const styles = useStyles()
  return (
    <button
      className={styles.chip}
      type="button"
      aria-label={`${view.within(registry)}: ${view.searchAll}`}
      onClick={onRemove}
    >
      {view.within(registry)} <DismissRegular />
    </button>
  )
}

type PaletteStatusProps = { readonly count: number; readonly isSearching: boolean; readonly isIncomplete: boolean }

/** How much was found, and the characters that limit a search. */
function PaletteStatus({ count, isSearching, isIncomplete }: PaletteStatusProps) {
  const styles = useStyles()
  return (
    <div className={styles.foot}>
      <span aria-hidden>{view.prefixes}</span>
      <span className={styles.status} role="status">
        {isSearching ? view.searching : isIncomplete ? view.incomplete : view.found(count)}
      </span>
    </div>
  )
}

type PaletteListProps = {
  readonly id: string
  readonly items: readonly PaletteItem[]
  readonly selected: number
  readonly text: string
  readonly onOpen: (item: PaletteItem) => void
}

function PaletteList({ id, items, selected, text, onOpen }: PaletteListProps) {
  const styles = useStyles()
  return (
    <div id={`${id}-list`} className={styles.list} role="listbox" aria-label={view.results}>
      {paletteGroups.map((group) => {
        const rows = items.flatMap((item, index) => (item.group === group ? [{ item, index }] : []))
        if (rows.length === 0) return null
        return (
          <div key={group} role="group" aria-labelledby={`${id}-${group}`}>
            <div id={`${id}-${group}`} className={styles.title} role="presentation">
              {view.groups[group]}
            </div>
            {rows.map(({ item, index }) => (
              <div
                key={item.key}
                id={`${id}-${index}`}
                className={mergeClasses(styles.row, index === selected && styles.selected)}
                role="option"
                aria-selected={index === selected}
                onClick={() => onOpen(item)}
              >
                {item.icon}
                <span className={styles.label}>
                  <Highlighted label={visibleName(item.label)} text={text} />
                </span>
                <span className={styles.detail}>{item.detail}</span>
                {item.keys !== undefined && <kbd className={styles.key}>{item.keys}</kbd>}
              </div>
            ))}
          </div>
        )
      })}
    </div>
  )
}

function Highlighted({ label, text }: { readonly label: string; readonly text: string }) {
  const styles = useStyles()
  const parts = text === '' ? undefined : matchParts(label, text)
  if (parts === undefined) return <bdi>{label}</bdi>
  const [before, match, after] = parts
  return (
    <bdi>
      {before}
      <span className={styles.match}>{match}</span>
      {after}
    </bdi>
  )
}
