import { render } from 'preact'
import { live } from './api/live.js'
import { App } from './app.js'

live.start()
render(<App />, document.getElementById('page')!)
