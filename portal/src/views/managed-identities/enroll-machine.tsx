import { Text } from '@fluentui/react-components'
import { useState } from 'react'
import { createEnrollmentCode } from '../../api/managed-identities.ts'
import type { Machine } from '../../api/managed-types.ts'
import { FormDialog } from '../../components/elements/form-dialog.tsx'
import { ShownOnce } from '../../components/identities/shown-once.tsx'
import { identitiesTexts } from '../../components/texts/identities.ts'

const view = identitiesTexts.managedView

/** Creates the code with which a machine is enrolled. */
export function EnrollMachine({ machine, onClose }: { readonly machine: Machine; readonly onClose: () => void }) {
  const [code, setCode] = useState<string>()
  const submit = async () => setCode((await createEnrollmentCode(machine.id)).code)
  const command = `acrux identity-endpoint enroll --server ${location.origin} --code ${code ?? ''} && acrux identity-endpoint serve`
  return (
    <FormDialog
      title={view.codeTitle(machine.name)}
      action={view.codeCreate}
      onSubmit={submit}
      onClose={onClose}
      secret={code === undefined ? undefined : <ShownOnce label={view.codeRun} secret={command} />}
    >
      <Text>{view.codeText}</Text>
    </FormDialog>
  )
}
