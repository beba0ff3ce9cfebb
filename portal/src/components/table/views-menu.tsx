import {
  Button,
  Field,
  Input,
  Menu,
  MenuDivider,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from '@fluentui/react-components'
import { DeleteRegular } from '@fluentui/react-icons'
import { useLocation, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { FormDialog } from '../elements/form-dialog.tsx'
import { parseSearch } from '../elements/search-params.ts'
import { tableTexts } from '../texts/table.ts'
import { words } from '../texts/words.ts'
import { type SavedViews, parseViews, withView, withoutView } from './saved-views.ts'

const maxNameLength = 60

/** The named views of a list: each is a search of the address, and is stored in the browser. */
export function ViewsMenu({ list }: { readonly list: string }) {
  const storageKey = `acrux-views-${list}`
  const { searchStr } = useLocation()
  const navigate = useNavigate()
  const [views, setViews] = useState(() => parseViews(localStorage.getItem(storageKey)))
  const [isNaming, setNaming] = useState(false)
  const store = (next: SavedViews) => {
    localStorage.setItem(storageKey, JSON.stringify(next))
    setViews(next)
  }
  const open = (search: string) => void navigate({ to: '.', search: parseSearch(search) })
  const names = Object.keys(views)
  return (
    <>
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <Button appearance="subtle">{tableTexts.views}</Button>
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuItem onClick={() => open('')}>{tableTexts.usualView}</MenuItem>
            {names.map((name) => (
              <MenuItem key={name} onClick={() => open(views[name] ?? '')}>
                {name}
              </MenuItem>
            ))}
            <MenuDivider />
            <MenuItem onClick={() => setNaming(true)}>{tableTexts.saveView}</MenuItem>
            {names.map((name) => (
              <MenuItem key={name} icon={<DeleteRegular />} onClick={() => store(withoutView(views, name))}>
                {tableTexts.removeView(name)}
              </MenuItem>
            ))}
          </MenuList>
        </MenuPopover>
      </Menu>
      {isNaming && (
        <NameDialog onSave={(name) => store(withView(views, name, searchStr))} onClose={() => setNaming(false)} />
      )}
    </>
  )
}

type NameDialogProps = { readonly onSave: (name: string) => void; readonly onClose: () => void }

function NameDialog({ onSave, onClose }: NameDialogProps) {
  const [name, setName] = useState('')
  const wanted = name.trim()
  return (
    <FormDialog
      title={tableTexts.saveView.replace('…', '')}
      action={words.save}
      isReady={wanted !== ''}
      onSubmit={async () => {
        onSave(wanted)
        onClose()
      }}
      onClose={onClose}
    >
      <Field label={tableTexts.viewName} hint={tableTexts.viewHint}>
        <Input value={name} maxLength={maxNameLength} onChange={(_event, { value }) => setName(value)} />
      </Field>
    </FormDialog>
  )
}
