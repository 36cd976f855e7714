import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

interface Props {
  readonly total: number
  /** Height of a row, px. */
  readonly rowHeight: number
  /** Row that the keyboard is on. */
  readonly active: number
  readonly label: string
  readonly row: (index: number) => ComponentChildren
  readonly rowId: (index: number) => string
  readonly activated: (index: number) => void
  readonly chosen: (index: number) => void
  /** The rows that are drawn now. */
  readonly shows: (from: number, to: number) => void
}

/** Rows beyond the edges that are drawn as well. */
const MARGIN = 6

/** A list box of any length, of which only what can be seen is drawn. Arrows, Page, Home and End move, Enter chooses. */
export function VirtualList(props: Props) {
  const { total, rowHeight, active, label, row, rowId, activated, chosen, shows } = props
  const box = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  const [height, setHeight] = useState(600)
  const from = Math.max(0, Math.floor(top / rowHeight) - MARGIN)
  const to = Math.min(total, Math.ceil((top + height) / rowHeight) + MARGIN)

  useEffect(() => {
    const observer = new ResizeObserver(() => setHeight(box.current!.clientHeight))
    observer.observe(box.current!)
    return () => observer.disconnect()
  }, [])
  useEffect(() => shows(from, to), [from, to, shows])

  const move = (index: number): void => {
    const next = Math.max(0, Math.min(total - 1, index))
    activated(next)
    const { scrollTop, clientHeight } = box.current!
    if (next * rowHeight < scrollTop) box.current!.scrollTop = next * rowHeight
    else if ((next + 1) * rowHeight > scrollTop + clientHeight)
      box.current!.scrollTop = (next + 1) * rowHeight - clientHeight
  }
  const pressed = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(height / rowHeight) - 1)
    const target = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: total - 1,
    }[event.key]
    if (target !== undefined) move(target)
    else if (event.key === 'Enter' || event.key === ' ') chosen(active)
    else return
    event.preventDefault()
  }

  const drawn = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
  return (
    <div
      class="virtual-list"
      ref={box}
      role="listbox"
      aria-label={label}
      tabIndex={0}
      {...(active >= from && active < to ? { 'aria-activedescendant': rowId(active) } : {})}
      onKeyDown={pressed}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <div role="presentation" style={{ height: `${total * rowHeight}px` }}>
        <div role="presentation" style={{ transform: `translateY(${from * rowHeight}px)` }}>
          {drawn.map(row)}
        </div>
      </div>
    </div>
  )
}
