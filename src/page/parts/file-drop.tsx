import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'

interface Props {
  readonly label: string
  /** Kinds that the chooser offers, such as `.csv`. */
  readonly accept?: string
  readonly dropped: (file: File) => void
  readonly children: ComponentChildren
}

/** Takes a file that is dropped on what is inside, or chosen by hand. */
export function FileDrop({ label, accept, dropped, children }: Props) {
  const [over, setOver] = useState(false)
  const take = (files: FileList | null | undefined): void => {
    const [file] = files ?? []
    if (file !== undefined) dropped(file)
  }
  return (
    <div
      class={`file-drop ${over ? 'over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        take(event.dataTransfer?.files)
      }}
    >
      <label class="chooser">
        {label}, or choose one:{' '}
        <input
          type="file"
          {...(accept === undefined ? {} : { accept })}
          onChange={({ currentTarget }) => {
            take(currentTarget.files)
            // The same file, edited meanwhile, may be chosen again.
            currentTarget.value = ''
          }}
        />
      </label>
      {children}
    </div>
  )
}
