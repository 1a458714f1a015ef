"""The same small things by us, by ipywidgets and by anywidget, as cells of a notebook; state is Python's in each."""

from __future__ import annotations

OURS, IPYWIDGETS, ANYWIDGET = "Nexus", "ipywidgets", "anywidget"

SOURCE = """<NexusPanel id="counter" title="Counter">
  <Data><State name="count" type="number" default="0" /></Data>
  <Logic><Tool name="add" description="Add one"><Handler>$state.count += 1;</Handler></Tool></Logic>
  <View><Layout strategy="row"><Button label="add" trigger="add" /><Text>count={$state.count}</Text></Layout></View>
</NexusPanel>"""

# Cells that make ``counters(number)``.
PREPARE = {
    OURS: f"import nexus_jupyter\nsource = '''{SOURCE}'''\n"
    "def counters(number):\n    for i in range(number):\n        display(nexus_jupyter.Panel(source, id=f'counter-{i}'))",
    IPYWIDGETS: """import ipywidgets
def counter():
    count = 0
    button, label = ipywidgets.Button(description="add"), ipywidgets.Label("count=0")
    def add(_):
        nonlocal count
        count += 1
        label.value = f"count={count}"
    button.on_click(add)
    return ipywidgets.HBox([button, label])
def counters(number):
    for _ in range(number):
        display(counter())""",
    ANYWIDGET: '''import anywidget, traitlets
class Counter(anywidget.AnyWidget):
    _esm = """export default { render({ model, el }) {
      const button = document.createElement('button'), text = document.createElement('span');
      button.textContent = 'add';
      button.onclick = () => model.send({ op: 'add' });
      const show = () => { text.textContent = `count=${model.get('count')}`; };
      model.on('change:count', show);
      show();
      el.append(button, text);
    } }"""
    count = traitlets.Int(0).tag(sync=True)
    def __init__(self):
        super().__init__()
        self.on_msg(Counter.add)
    def add(self, content, buffers):
        self.count += 1
def counters(number):
    for _ in range(number):
        display(Counter())''',
}

# Cells with a long list of rows, each of which says on or off and changes that when it is clicked.
ROWS = {
    OURS: """import nexus_jupyter
display(nexus_jupyter.Panel('''<NexusPanel id="rows" title="Rows">
  <Data><State name="rows" type="list" /></Data>
  <Logic><Tool name="toggle" description="Change one row"><Arg name="row" type="number" />
    <Handler>const row = $state.rows[$args.row]; row.on = !row.on;</Handler></Tool></Logic>
  <View><Layout gap="xs"><Iterate items="$state.rows" key="id">
    <Button label="row {$scope.item.id} {$scope.item.on ? 'on' : 'off'}" trigger="toggle" args="[$scope.item.id]" />
  </Iterate></Layout></View>
</NexusPanel>''', state={'rows': [{'id': i, 'on': False} for i in range(ROWS)]}))""",
    IPYWIDGETS: """import ipywidgets
def row(i):
    on = False
    button = ipywidgets.Button(description=f"row {i} off")
    def toggle(_):
        nonlocal on
        on = not on
        button.description = f"row {i} {'on' if on else 'off'}"
    button.on_click(toggle)
    return button
display(ipywidgets.VBox([row(i) for i in range(ROWS)]))""",
}

# Cells with many fields, one of whose lengths is shown.
FIELDS = {
    OURS: """import nexus_jupyter
display(nexus_jupyter.Panel('''<NexusPanel id="fields" title="Fields">
  <Data><State name="fields" type="list" /></Data>
  <View><Layout gap="xs"><Text>count={$state.fields[FIELD].text.length}</Text>
    <Iterate items="$state.fields" key="id">
      <Input label="field {$scope.item.id}" bind="$scope.item.text" debounce="0" />
    </Iterate></Layout></View>
</NexusPanel>'''.replace('FIELD', str(FIELD)), state={'fields': [{'id': i, 'text': ''} for i in range(FIELDS)]}))""",
    IPYWIDGETS: """import ipywidgets
label = ipywidgets.Label("count=0")
fields = [ipywidgets.Text(description=f"field {i}") for i in range(FIELDS)]
def changed(change):
    label.value = f"count={len(change.new)}"
fields[FIELD].observe(changed, "value")
display(ipywidgets.VBox([label, *fields]))""",
}
