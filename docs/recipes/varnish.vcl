vcl 4.1;

import directors;

probe ready {
    .url = "/-/probe";
    .interval = 1s;
    .timeout = 1s;
    .window = 3;
    .threshold = 2;
    .initial = 1;
}
backend zope1 {
    .host = "10.0.0.1";
    .port = "8080";
    .probe = ready;
}
backend zope2 {
    .host = "10.0.0.2";
    .port = "8080";
    .probe = ready;
}
sub vcl_init {
    new zope = directors.round_robin();
    zope.add_backend(zope1);
    zope.add_backend(zope2);
}
sub vcl_recv {
    # The suite stays inside.
    if (req.url ~ "^/-/") {
        return (synth(404));
    }
    set req.backend_hint = zope.backend();
}
