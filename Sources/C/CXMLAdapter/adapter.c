#include "CXMLAdapter.h"
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The beginnings of libxml2's public structures, which have not changed since version 2.0. */
struct ns {
  struct ns *next;
  int type;
  const char *href, *prefix;
};
struct node {
  void *own;
  int type;
  const char *name;
  struct node *children, *last, *parent, *next, *prev;
  void *doc;
  struct ns *ns;
  char *content;
  void *properties;
  struct ns *declared;
};
struct node_set {
  int count, room;
  void **nodes;
};
struct object {
  int type;
  struct node_set *nodes;
  int boolean;
  double number;
  char *string;
};
enum { ELEMENT = 1, NODES = 1, BOOLEAN = 2, NUMBER = 3, STRING = 4 };
enum { RECOVER = 1, NO_ERROR = 32, NO_WARNING = 64, NO_NETWORK = 2048 };

struct xml_adapter_document {
  void *doc, *context;
};

static struct {
  int is_present;
  void (*init)(void);
  void *(*read_xml)(const char *, int, const char *, const char *, int);
  void *(*read_html)(const char *, int, const char *, const char *, int);
  void (*free_doc)(void *);
  struct node *(*root)(void *);
  void *(*new_context)(void *);
  void (*free_context)(void *);
  int (*declare)(void *, const char *, const char *);
  struct object *(*evaluate)(const char *, void *);
  void (*free_object)(struct object *);
  void *(*compile)(const char *);
  void (*free_compiled)(void *);
  void (*tell_structured)(void *, void (*)(void *, void *));
  void (*tell_generic)(void *, void (*)(void *, const char *, ...));
} xml;

static void load(void) {
  /* The soname changed with version 2.14. */
  void *library = dlopen("libxml2.so.2", RTLD_NOW | RTLD_LOCAL);
  if (!library) library = dlopen("libxml2.so.16", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  const struct { const char *name; void *place; } functions[] = {
    {"xmlInitParser", &xml.init}, {"xmlReadMemory", &xml.read_xml}, {"htmlReadMemory", &xml.read_html},
    {"xmlFreeDoc", &xml.free_doc}, {"xmlDocGetRootElement", &xml.root},
    {"xmlXPathNewContext", &xml.new_context}, {"xmlXPathFreeContext", &xml.free_context},
    {"xmlXPathRegisterNs", &xml.declare}, {"xmlXPathEvalExpression", &xml.evaluate},
    {"xmlXPathFreeObject", &xml.free_object}, {"xmlXPathCompile", &xml.compile},
    {"xmlXPathFreeCompExpr", &xml.free_compiled}, {"xmlSetStructuredErrorFunc", &xml.tell_structured},
    {"xmlSetGenericErrorFunc", &xml.tell_generic},
  };
  for (size_t index = 0; index < sizeof functions / sizeof *functions; index++) {
    void *found = dlsym(library, functions[index].name);
    if (!found) return;
    memcpy(functions[index].place, &found, sizeof found);
  }
  xml.init();
  xml.is_present = 1;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

int xml_adapter_is_present(void) {
  pthread_once(&once, load);
  return xml.is_present;
}

static void hear_structured(void *own, void *error) { (void)own, (void)error; }
static void hear_generic(void *own, const char *format, ...) { (void)own, (void)format; }

/* libxml2 would write what it finds to standard error; who hears of it is decided by thread. */
static void be_quiet(void) {
  xml.tell_structured(NULL, hear_structured);
  xml.tell_generic(NULL, hear_generic);
}

int xml_adapter_is_expression(const char *expression) {
  if (!xml_adapter_is_present()) return 1;
  be_quiet();
  void *compiled = xml.compile(expression);
  if (compiled) xml.free_compiled(compiled);
  return compiled != NULL;
}

/* Declares every prefix of the document, and its first default namespace as `_`. */
static void declare_namespaces(struct node *root, void *context) {
  struct node *node = root;
  int has_default = 0;
  while (node) {
    if (node->type == ELEMENT)
      for (struct ns *ns = node->declared; ns; ns = ns->next)
        if (ns->href && (ns->prefix || !has_default)) {
          xml.declare(context, ns->prefix ? ns->prefix : "_", ns->href);
          if (!ns->prefix) has_default = 1;
        }
    if (node->type == ELEMENT && node->children) {
      node = node->children;
      continue;
    }
    while (node && node != root && !node->next) node = node->parent;
    node = !node || node == root ? NULL : node->next;
  }
}

struct xml_adapter_document *xml_adapter_open(const char *text, size_t length, int is_html) {
  if (!xml_adapter_is_present() || length > INT_MAX) return NULL;
  be_quiet();
  int options = NO_ERROR | NO_WARNING | NO_NETWORK | (is_html ? RECOVER : 0);
  void *doc = (is_html ? xml.read_html : xml.read_xml)(text, (int)length, NULL, "UTF-8", options);
  if (!doc) return NULL;
  struct node *root = xml.root(doc);
  void *context = root ? xml.new_context(doc) : NULL;
  struct xml_adapter_document *document = context ? malloc(sizeof *document) : NULL;
  if (!document) {
    if (context) xml.free_context(context);
    xml.free_doc(doc);
    return NULL;
  }
  if (!is_html) declare_namespaces(root, context);
  document->doc = doc;
  document->context = context;
  return document;
}

void xml_adapter_close(struct xml_adapter_document *document) {
  xml.free_context(document->context);
  xml.free_doc(document->doc);
  free(document);
}

struct xml_adapter_value xml_adapter_evaluate(struct xml_adapter_document *document, const char *expression) {
  struct xml_adapter_value value = {XML_DOOR_INVALID, 0, NULL};
  be_quiet();
  struct object *object = xml.evaluate(expression, document->context);
  if (!object) return value;
  switch (object->type) {
  case NODES:
    value.kind = XML_DOOR_NODES;
    value.number = object->nodes ? object->nodes->count : 0;
    break;
  case BOOLEAN:
    value.kind = XML_DOOR_BOOLEAN;
    value.number = object->boolean != 0;
    break;
  case NUMBER:
    value.kind = XML_DOOR_NUMBER;
    value.number = object->number;
    break;
  case STRING:
    value.string = strdup(object->string ? object->string : "");
    if (value.string) value.kind = XML_DOOR_STRING;
    break;
  }
  xml.free_object(object);
  return value;
}
