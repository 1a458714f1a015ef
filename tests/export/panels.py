"""A panel whose file is tested: what it does needs no kernel, but for one tool."""

ORDERS = """<NexusPanel title="Orders" id="orders">
  <Data>
    <State name="count" type="number" default="1" min="0" />
    <State name="rows" type="list" default='[{"id": 1, "name": "Ada", "done": false}, {"id": 2, "name": "Grace", "done": true}]' />
    <State name="name" type="string" />
    <State name="text" type="string" default="&lt;/script>&lt;!--&lt;script>" />
    <Computed name="open" value="$state.rows.filter(row => !row.done).length" />
  </Data>
  <Logic>
    <Extension name="nexus.http" alias="http" hosts="example.org" />
    <Tool name="add" description="Add a row">
      <Handler>
        $state.rows.push({ id: $state.rows.length + 1, name: $state.name, done: false });
        $state.name = '';
        $emit('toast', 'Added');
      </Handler>
    </Tool>
    <Tool name="slow" description="Count, after a while" concurrency="drop">
      <Handler>$progress(1, 2, 'half'); await new Promise(done => setTimeout(done, 1500)); $state.count++;</Handler>
    </Tool>
    <Tool name="clear" description="Clear" confirm="Remove all rows?"><Handler>$state.rows = [];</Handler></Tool>
    <Tool name="spin" description="Never end"><Handler>for (;;);</Handler></Tool>
    <Tool name="fetch" description="Fetch"><Handler>$state.name = await $ext.http.get('https://example.org/');</Handler></Tool>
    <Tool name="both" description="Fetch by another tool"><Handler>await $tools.fetch();</Handler></Tool>
  </Logic>
  <View>
    <Container title="Orders">
      <Metric label="Open" value="{$state.open}" />
      <Text>Count {$state.count}</Text>
      <Text>{$state.text}</Text>
      <Input label="Name" bind="$state.name" />
      <Button trigger="add">Add</Button>
      <Button trigger="slow">Slow</Button>
      <Button trigger="clear">Clear</Button>
      <Button trigger="spin">Spin</Button>
      <Button trigger="fetch">Fetch</Button>
      <Button trigger="both">Both</Button>
      <Iterate items="$state.rows" key="id"><Checkbox label="{$scope.item.name}" bind="$scope.item.done" /></Iterate>
    </Container>
  </View>
</NexusPanel>"""
