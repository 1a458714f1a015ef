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

LIFE = """<NexusPanel title="Life" id="life">
  <Data>
    <State name="mounted" type="number" /><State name="later" type="number" />
    <State name="ticks" type="number" /><State name="rests" type="number" /><State name="fetched" type="number" />
    <State name="name" type="string" /><State name="heard" type="list" /><State name="own" type="number" />
    <State name="failure" type="string" />
    <State name="ping" type="number" /><State name="pong" type="number" />
    <Computed name="short" value="$state.name.length &lt; 3" />
  </Data>
  <Logic>
    <Extension name="nexus.http" alias="http" hosts="example.org" />
    <Tool name="fetch" description="Fetch"><Handler>await $ext.http.get('https://example.org/');</Handler></Tool>
    <Tool name="fail" description="Fail"><Handler>throw new RangeError('too bad');</Handler></Tool>
    <Tool name="own" description="Count"><Handler>$state.own += 1;</Handler></Tool>
    <Tool name="serve" description="Begin a match"><Handler>$state.ping += 1;</Handler></Tool>
    <Lifecycle on="mount">
      <Handler>$state.mounted += 1; await new Promise(done => setTimeout(done, 1)); $state.later += 1;</Handler>
    </Lifecycle>
    <Lifecycle on="interval" every="100ms"><Handler>$state.ticks += 1;</Handler></Lifecycle>
    <Lifecycle on="interval" every="100ms" whenHidden="pause"><Handler>$state.rests += 1;</Handler></Lifecycle>
    <Lifecycle on="interval" every="100ms"><Handler>$state.fetched += 1; await $tools.fetch();</Handler></Lifecycle>
    <Lifecycle on="change" of="name, short" debounce="500ms"><Handler>$state.heard.push($args.changed.join('+'));</Handler></Lifecycle>
    <Lifecycle on="change" of="own"><Handler>$state.own += 10;</Handler></Lifecycle>
    <Lifecycle on="change" of="ping"><Handler>$state.pong += 1;</Handler></Lifecycle>
    <Lifecycle on="change" of="pong"><Handler>$state.ping += 1;</Handler></Lifecycle>
    <Lifecycle on="error"><Handler>$state.failure = `${$args.source}: ${$args.error.name} ${$args.error.message}`;</Handler></Lifecycle>
  </Logic>
  <View>
    <Container title="Life">
      <Text>Mounted {$state.mounted} and {$state.later}</Text>
      <Text>Ticks {$state.ticks}</Text>
      <Text>Rests {$state.rests}</Text>
      <Text>Fetched {$state.fetched}</Text>
      <Text>Heard {$state.heard.join(' ')}</Text>
      <Text>Own {$state.own}</Text>
      <Text>Failure {$state.failure}</Text>
      <Text>Match {$state.ping} {$state.pong}</Text>
      <Input label="Name" bind="$state.name" />
      <Button trigger="fail">Fail</Button>
      <Button trigger="own">Count</Button>
      <Button trigger="serve">Serve</Button>
    </Container>
  </View>
</NexusPanel>"""
