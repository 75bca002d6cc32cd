#ifndef C_XML_DOOR_H
#define C_XML_DOOR_H
#include <stddef.h>
/* XPath 1.0 over libxml2, which is loaded when the first document is opened: linking it would bring ICU into every start. */

/* Whether libxml2 is on this machine. */
int xml_adapter_is_present(void);

/* Whether the text is an expression; true also where there is no libxml2 to tell. */
int xml_adapter_is_expression(const char *expression);

/* A document read, with its namespaces declared for expressions; NULL where it is none. */
struct xml_adapter_document;
struct xml_adapter_document *xml_adapter_open(const char *text, size_t length, int is_html);
void xml_adapter_close(struct xml_adapter_document *document);

enum xml_adapter_kind { XML_DOOR_NODES, XML_DOOR_BOOLEAN, XML_DOOR_NUMBER, XML_DOOR_STRING, XML_DOOR_INVALID };

/* What an expression comes to: as many nodes, a truth value or a number in `number`, or `string`, which the caller frees. */
struct xml_adapter_value {
  enum xml_adapter_kind kind;
  double number;
  char *string;
};
struct xml_adapter_value xml_adapter_evaluate(struct xml_adapter_document *document, const char *expression);
#endif
